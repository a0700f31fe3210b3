package io.penstock.server.client;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gives up on a client that takes nothing of what waits for it: a connection, or one HTTP/2 stream.
 * Looks four times within the limit, and only while more waits than the high-water mark; for less
 * {@link ClientHandler} looks once its answers are complete.
 */
final class StalledClient extends ChannelDuplexHandler {
  private static final int LOOKS = 4;

  private final long maxMillis;
  private final Unread all;
  private @Nullable ScheduledFuture<?> timer;
  private long waiting;
  private long progressNanos;

  /**
   * Creates a watch.
   *
   * @param all what it holds is noted there, with what all others of its loop do
   */
  StalledClient(long maxMillis, Unread all) {
    this.maxMillis = maxMillis;
    this.all = all;
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    ctx.flush();
    all.note(ctx.channel());
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
    if (ctx.channel().isWritable()) {
      cancel();
    } else if (timer == null) {
      waiting = Long.MAX_VALUE;
      progressNanos = ctx.executor().ticker().nanoTime();
      timer =
          ctx.executor()
              .scheduleWithFixedDelay(
                  () -> look(ctx),
                  Math.max(1, maxMillis / LOOKS),
                  Math.max(1, maxMillis / LOOKS),
                  TimeUnit.MILLISECONDS);
    }
    super.channelWritabilityChanged(ctx);
  }

  private void look(ChannelHandlerContext ctx) {
    long now = ctx.executor().ticker().nanoTime();
    long left = Unread.waiting(ctx.channel());
    if (left < waiting) {
      progressNanos = now;
    }
    waiting = left;
    if (now - progressNanos >= TimeUnit.MILLISECONDS.toNanos(maxMillis)) {
      ctx.close();
    }
  }

  private void cancel() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    cancel();
    all.note(ctx.channel());
    super.channelInactive(ctx);
  }
}
