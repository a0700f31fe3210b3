package io.penstock.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.penstock.bench.Watcher.Outcome;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * Sends requests when they are due, not when the one before has been answered, and counts latency
 * from when a request was due: a slow target cannot hide by being asked less. One event loop, to
 * which all fields but the future are confined.
 */
final class LoadGenerator {
  private static final long MAX_MICROS = TimeUnit.SECONDS.toMicros(60);
  private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final HttpDecoderConfig DECODER =
      new HttpDecoderConfig().setValidateHeaders(false);

  private final List<URI> targets;
  private final List<RequestTemplate> requests;
  private final Load load;
  private final Pace pace;
  private final Watcher watcher;
  private final EventLoopGroup group = Transport.group(1);
  private final CompletableFuture<LoadResult> done = new CompletableFuture<>();

  /** One for all targets; with turns, one for each. */
  private final List<Lane> lanes;

  private final Set<LoadConnection> connections = new HashSet<>();
  private final Histogram latency = new Histogram(MAX_MICROS, 3);
  private final Histogram firstToken = new Histogram(MAX_MICROS, 3);
  private final Histogram gaps = new Histogram(MAX_MICROS, 3);
  private final long total;
  private long start;
  private int awaited;

  /** Goes on from run to run, so that a cache never knows a body that is to be new. */
  private long sent = System.currentTimeMillis() * 100;

  private long completed;
  private long failed;
  private String firstError = "";

  /** Connections that wait for requests, or requests that wait for connections. */
  private record Lane(Queue<LoadConnection> idle, Queue<Long> overdue) {
    Lane() {
      this(new ArrayDeque<>(), new ArrayDeque<>());
    }
  }

  private LoadGenerator(List<URI> targets, Load load, Pace pace, Watcher watcher) {
    this.targets = targets;
    int count = pace.isInTurns() ? targets.size() : 1;
    this.lanes = Stream.generate(Lane::new).limit(count).toList();
    this.load = load;
    this.pace = pace;
    this.watcher = watcher;
    requests = targets.stream().map(target -> new RequestTemplate(target, load)).toList();
    total = pace.requests();
  }

  /** Runs the load against that URL; blocks until it is over. */
  static LoadResult run(URI target, Load load) {
    return run(List.of(target), load, load.pace(), Watcher.NONE);
  }

  /** Runs the load against all of them in turn, at another pace than its own. */
  static LoadResult run(List<URI> targets, Load load, Pace pace, Watcher watcher) {
    LoadGenerator generator = new LoadGenerator(targets, load, pace, watcher);
    try {
      generator.group.next().execute(generator::open);
      return generator.done.join();
    } finally {
      generator.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  void finished(long due, long first, long now) {
    completed++;
    latency.recordValue(micros(now - due));
    if (load.kind().streaming) {
      firstToken.recordValue(micros(first - due));
    }
    watcher.ended(due - start, now - due, Outcome.DONE);
    endIfOver();
  }

  void gap(long nanos) {
    gaps.recordValue(micros(nanos));
  }

  void failed(String why, long due, Outcome outcome) {
    failed++;
    if (firstError.isEmpty()) {
      firstError = why;
    }
    watcher.ended(due - start, System.nanoTime() - due, outcome);
    endIfOver();
  }

  /** Returns whether it knows already what a failure says. */
  boolean hasFailed() {
    return failed > 0;
  }

  /** The connection is there. */
  void opened(LoadConnection connection) {
    connections.add(connection);
    next(connection);
  }

  /** The connection has ended; another takes its place. */
  void lost(LoadConnection connection) {
    lane(connection).idle().remove(connection);
    connections.remove(connection);
    if (!done.isDone()) {
      connect(connection.target());
    }
  }

  /** The connection is free for what is due. */
  void next(LoadConnection connection) {
    Lane lane = lane(connection);
    Long due = lane.overdue().poll();
    if (due == null) {
      lane.idle().add(connection);
    } else {
      connection.send(requests.get(connection.target()).request(sent++), due);
    }
  }

  /** Opens all connections; the load begins when they are there, so that none is due before. */
  private void open() {
    int count = load.connections() * lanes.size();
    awaited = count;
    for (int i = 0; i < count; i++) {
      connect(i % targets.size())
          .addListener(tried -> {
            if (--awaited == 0) {
              begin();
            }
          });
    }
  }

  private void begin() {
    start = System.nanoTime();
    group
        .next()
        .schedule(
            this::giveUp,
            TimeUnit.SECONDS.toNanos(pace.seconds()) + DRAIN_NANOS,
            TimeUnit.NANOSECONDS);
    tick(0);
  }

  /** Sends what is due and comes back when the next request is. */
  private void tick(long from) {
    long n = from;
    long now = System.nanoTime();
    while (n < total && due(n) <= now) {
      Lane lane = lanes.get(pace.turn(n, lanes.size()));
      LoadConnection connection = lane.idle().poll();
      lane.overdue().add(due(n++));
      if (connection != null) {
        next(connection);
      }
    }
    if (n < total) {
      long following = n;
      group.next().schedule(() -> tick(following), due(n) - now, TimeUnit.NANOSECONDS);
    }
  }

  private Lane lane(LoadConnection connection) {
    return lanes.get(connection.target() % lanes.size());
  }

  private long due(long n) {
    return start + pace.dueNanos(n);
  }

  private void endIfOver() {
    if (completed + failed >= total) {
      done.complete(result());
    }
  }

  private void giveUp() {
    if (!done.isDone()) {
      failed = total - completed;
      unanswered(System.nanoTime());
      firstError = firstError.isEmpty() ? "unanswered 3 s after the end" : firstError;
      done.complete(result());
    }
  }

  /** What nobody has answered has waited as long as this at least: it is the worst there is. */
  private void unanswered(long now) {
    for (LoadConnection connection : connections) {
      if (connection.waitsSince() >= 0) {
        latency.recordValue(micros(now - connection.waitsSince()));
      }
    }
    for (Lane lane : lanes) {
      lane.overdue().forEach(due -> latency.recordValue(micros(now - due)));
    }
  }

  private LoadResult result() {
    return new LoadResult(completed, failed, firstError, latency, firstToken, gaps);
  }

  private ChannelFuture connect(int target) {
    URI address = targets.get(target);
    return new Bootstrap()
        .group(group)
        .channel(Transport.channel())
        .option(ChannelOption.TCP_NODELAY, true)
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel
                    .pipeline()
                    .addLast(
                        new HttpResponseDecoder(DECODER),
                        new LoadConnection(LoadGenerator.this, target));
              }
            })
        .connect(address.getHost(), address.getPort())
        .addListener(connected -> {
          if (!connected.isSuccess() && firstError.isEmpty()) {
            firstError = "connect: " + connected.cause().getMessage();
          }
        });
  }

  private static long micros(long nanos) {
    return Math.clamp(nanos / 1000, 0, MAX_MICROS);
  }
}
