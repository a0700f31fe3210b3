package io.penstock.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpResponseDecoder;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Sends requests when they are due, not when the one before has been answered, and counts latency
 * from when a request was due: a slow target cannot hide by being asked less. One event loop, to
 * which all fields but the future are confined.
 */
final class LoadGenerator {
  private static final long MAX_MICROS = TimeUnit.SECONDS.toMicros(60);
  private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final URI target;
  private final Load load;
  private final EventLoopGroup group = Transport.group(1);
  private final CompletableFuture<LoadResult> done = new CompletableFuture<>();
  private final Queue<LoadConnection> idle = new ArrayDeque<>();
  private final Queue<Long> overdue = new ArrayDeque<>();
  private final Histogram latency = new Histogram(MAX_MICROS, 3);
  private final Histogram firstToken = new Histogram(MAX_MICROS, 3);
  private final Histogram gaps = new Histogram(MAX_MICROS, 3);
  private final long total;
  private long start;
  private long sent;
  private long completed;
  private long failed;
  private String firstError = "";

  private LoadGenerator(URI target, Load load) {
    this.target = target;
    this.load = load;
    total = (long) load.rate() * load.seconds();
  }

  /** Runs the load against that URL; blocks until it is over. */
  static LoadResult run(URI target, Load load) {
    LoadGenerator generator = new LoadGenerator(target, load);
    try {
      for (int i = 0; i < load.connections(); i++) {
        generator.connect();
      }
      generator.group.next().execute(generator::begin);
      return generator.done.join();
    } finally {
      generator.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  void finished(LoadConnection connection, long due, long first, long now) {
    completed++;
    latency.recordValue(micros(now - due));
    if (load.kind().streaming) {
      firstToken.recordValue(micros(first - due));
    }
    next(connection);
    endIfOver();
  }

  void gap(long nanos) {
    gaps.recordValue(micros(nanos));
  }

  void failed(String why) {
    failed++;
    if (firstError.isEmpty()) {
      firstError = why;
    }
    endIfOver();
  }

  void reconnect() {
    if (!done.isDone()) {
      connect();
    }
  }

  void next(LoadConnection connection) {
    Long due = overdue.poll();
    if (due == null) {
      idle.add(connection);
    } else {
      connection.send(Unpooled.wrappedBuffer(load.request(target, sent++)), due);
    }
  }

  private void begin() {
    start = System.nanoTime();
    group
        .next()
        .schedule(
            this::giveUp,
            TimeUnit.SECONDS.toNanos(load.seconds()) + DRAIN_NANOS,
            TimeUnit.NANOSECONDS);
    tick(0);
  }

  /** Sends what is due and comes back when the next request is. */
  private void tick(long from) {
    long n = from;
    long now = System.nanoTime();
    while (n < total && due(n) <= now) {
      LoadConnection connection = idle.poll();
      overdue.add(due(n++));
      if (connection != null) {
        next(connection);
      }
    }
    if (n < total) {
      long following = n;
      group.next().schedule(() -> tick(following), due(n) - now, TimeUnit.NANOSECONDS);
    }
  }

  private long due(long n) {
    return start + n * TimeUnit.SECONDS.toNanos(1) / load.rate();
  }

  private void endIfOver() {
    if (completed + failed >= total) {
      done.complete(result());
    }
  }

  private void giveUp() {
    if (!done.isDone()) {
      failed = total - completed;
      firstError = firstError.isEmpty() ? "unanswered 3 s after the end" : firstError;
      done.complete(result());
    }
  }

  private LoadResult result() {
    return new LoadResult(completed, failed, firstError, latency, firstToken, gaps);
  }

  private void connect() {
    new Bootstrap()
        .group(group)
        .channel(Transport.channel())
        .option(ChannelOption.TCP_NODELAY, true)
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel
                    .pipeline()
                    .addLast(new HttpResponseDecoder(), new LoadConnection(LoadGenerator.this));
              }
            })
        .connect(target.getHost(), target.getPort())
        .addListener(connected -> {
          if (!connected.isSuccess()) {
            failed("connect: " + connected.cause().getMessage());
          }
        });
  }

  private static long micros(long nanos) {
    return Math.clamp(nanos / 1000, 0, MAX_MICROS);
  }
}
