package io.penstock.bench;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelId;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.penstock.testkit.Ports;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A provider with a switch: it answers, refuses connections, says 503, or keeps silent. Notes when
 * requests came while it failed, and when each of them had failed. The switch is any thread's.
 */
final class FailingProvider implements MockProvider.Gate, AutoCloseable {
  private static final byte[] UNAVAILABLE =
      ("HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
              + "\r\n{}")
          .getBytes(StandardCharsets.US_ASCII);

  /** How it fails. */
  enum Failure {
    /** Connections are refused, those that were open are closed. */
    REFUSED,
    /** Every request gets a 503 at once. */
    UNAVAILABLE,
    /** Connections and requests are taken, and nothing comes back. */
    SILENT
  }

  private final EventLoopGroup group = Transport.group(1);
  private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final MockProvider provider = new MockProvider(30, 0, 0, this);
  private final int port = Ports.free();
  private final Queue<Long> arrivals = new ConcurrentLinkedQueue<>();
  private final Queue<Long> failures = new ConcurrentLinkedQueue<>();
  private final Set<ChannelId> unanswered = ConcurrentHashMap.newKeySet();
  private final AtomicLong answered = new AtomicLong();
  private volatile @Nullable Failure failure;
  private volatile @Nullable Channel server;

  /** Starts a provider that answers. */
  static FailingProvider start() throws InterruptedException {
    FailingProvider started = new FailingProvider();
    started.heal();
    return started;
  }

  int port() {
    return port;
  }

  void fail(Failure how) throws InterruptedException {
    arrivals.clear();
    failures.clear();
    failure = how;
    Channel listening = server;
    if (how == Failure.REFUSED && listening != null) {
      listening.close().sync();
      server = null;
      clients.close().sync();
    }
  }

  /** Answers again; what hangs is let go. */
  void heal() throws InterruptedException {
    failure = null;
    if (server == null) {
      server = provider.bind(group, port);
    }
  }

  /** Returns when requests came since it began to fail, nanoseconds, in order. */
  long[] arrivals() {
    return arrivals.stream().mapToLong(Long::longValue).toArray();
  }

  /** Returns when these had failed: the 503 was written, or the connection given up. */
  long[] failures() {
    return failures.stream().mapToLong(Long::longValue).toArray();
  }

  /** Returns how many requests were answered. */
  long answered() {
    return answered.get();
  }

  @Override
  public void opened(ChannelHandlerContext ctx) {
    clients.add(ctx.channel());
  }

  @Override
  public boolean pass(ChannelHandlerContext ctx) {
    Failure how = failure;
    if (how == null) {
      answered.incrementAndGet();
      return true;
    }
    arrivals.add(System.nanoTime());
    if (how == Failure.UNAVAILABLE) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(UNAVAILABLE));
      failures.add(System.nanoTime());
    } else {
      unanswered.add(ctx.channel().id());
    }
    return false;
  }

  @Override
  public void closed(ChannelHandlerContext ctx) {
    if (unanswered.remove(ctx.channel().id())) {
      failures.add(System.nanoTime());
    }
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
