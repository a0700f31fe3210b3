package io.penstock.server.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Stands before what decodes encoded answers and hands it little at a time: what is read at once
 * may be a thousand times as long when it is decoded, and would all be there before anybody could
 * say that it is too much. Between two portions reading may be stopped, as for a slow client, or
 * the connection closed, and nothing more is decoded. Confined to the connection's loop.
 */
final class Portions extends ChannelDuplexHandler {
  /** Encoded bytes that are decoded at once: to a quarter of a MiB at most, of gzip. */
  static final int PORTION_BYTES = 256;

  /** Decoded bytes after which others on the loop have their turn. */
  static final int TURN_BYTES = 1 << 20;

  /** Decoded bytes that are still handed on of a connection that has ended. */
  private static final int MOST_BEHIND_BYTES = 16 << 20;

  private final Deque<Object> waiting = new ArrayDeque<>(2);
  private long decoded;
  private boolean handing;
  private boolean resuming;

  /** So many bytes have come out of what was handed on. */
  void decoded(int bytes) {
    decoded += bytes;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    boolean first = waiting.isEmpty();
    waiting.add(message);
    if (first && !handing) {
      hand(ctx, TURN_BYTES, false);
    }
  }

  /** Somebody reads on: first comes what was read before, though not inside of this call. */
  @Override
  public void read(ChannelHandlerContext ctx) {
    if (handing || waiting.isEmpty()) {
      ctx.read();
    } else if (!resuming) {
      resuming = true;
      ctx.executor().execute(() -> resume(ctx));
    }
  }

  private void resume(ChannelHandlerContext ctx) {
    resuming = false;
    if (hand(ctx, TURN_BYTES, false)) {
      ctx.fireChannelReadComplete();
    }
    if (ctx.channel().config().isAutoRead()) {
      read(ctx);
    }
  }

  /**
   * Hands on what waits, as long as somebody reads; returns whether there was anything.
   *
   * @param most decoded bytes after which it stops
   * @param ended whether nothing more will come, and nobody can be waited for
   */
  private boolean hand(ChannelHandlerContext ctx, long most, boolean ended) {
    boolean any = false;
    decoded = 0;
    handing = true;
    try {
      while (!waiting.isEmpty()
          && decoded < most
          && (ended || ctx.channel().config().isAutoRead())) {
        any = true;
        ctx.fireChannelRead(portion());
        if (!ended && !ctx.channel().isActive()) {
          forget();
        }
      }
    } finally {
      handing = false;
    }
    return any;
  }

  /** Takes the next portion out; owned by the caller. */
  private Object portion() {
    if (waiting.peek() instanceof HttpContent content
        && content.content().readableBytes() > PORTION_BYTES) {
      ByteBuf some = content.content().readRetainedSlice(PORTION_BYTES);
      return new DefaultHttpContent(some);
    }
    return waiting.remove();
  }

  /** The end of an answer may wait for a client that takes it slowly. */
  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (!handing) {
      hand(ctx, MOST_BEHIND_BYTES, true);
    }
    forget();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    forget();
  }

  /** Nobody wants what waits. */
  void forget() {
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
  }
}
