package io.penstock.server.client;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamChannel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of an HTTP/2 stream whose client has not taken all of its answer: it is reset. Netty
 * writes no RST_STREAM once both ends were said, though ours may wait for the client's window, and
 * the answer would stay there. What a closed stream has left behind the window or in the connection
 * is held until that takes it; one that takes nothing is closed in turn.
 */
final class Http2StreamEnd extends ChannelOutboundHandlerAdapter {
  private final long maxMillis;
  private final Unread all;
  private boolean closing;

  /**
   * Creates the handler of one stream; what is nearer to its client must not close it.
   *
   * @param maxMillis how long a connection may take nothing of a stream that is over
   * @param all is told when nothing of it is held any more
   */
  Http2StreamEnd(long maxMillis, Unread all) {
    this.maxMillis = maxMillis;
    this.all = all;
  }

  /** Returns whether nothing of a stream is held here: all was sent, or it was reset. */
  static boolean isOver(Http2StreamChannel stream) {
    return held(stream) == null;
  }

  /** Closes a connection at once: neither TLS nor HTTP/2 gets to say good-bye. */
  static void closeNow(Channel connection) {
    ChannelHandlerContext first = connection.pipeline().firstContext();
    if (first != null) {
      first.close();
    }
  }

  private static @Nullable Http2Stream held(Http2StreamChannel stream) {
    Http2FrameCodec codec = stream.parent().pipeline().get(Http2FrameCodec.class);
    return codec == null ? null : codec.connection().stream(stream.stream().id());
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    Http2StreamChannel stream = (Http2StreamChannel) ctx.channel();
    if (!closing) {
      closing = true;
      if (isQueued(stream)) {
        stream
            .parent()
            .writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(stream.stream()));
      }
      // Not within the write that was the last: until it returns its stream is not over.
      ctx.executor().execute(() -> watch(stream));
    }
    ctx.close(promise);
  }

  /** A stream that is closed just now has its queue failed, piece by piece. */
  private static boolean isQueued(Http2StreamChannel stream) {
    Http2FrameCodec codec = stream.parent().pipeline().get(Http2FrameCodec.class);
    Http2Stream held = held(stream);
    return codec != null
        && held != null
        && held.state().localSideOpen()
        && !held.isResetSent()
        && codec.encoder().flowController().hasFlowControlled(held);
  }

  private void watch(Http2StreamChannel stream) {
    if (!isOver(stream)) {
      stream.eventLoop().schedule(() -> end(stream), maxMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void end(Http2StreamChannel stream) {
    if (!isOver(stream)) {
      closeNow(stream.parent());
    }
    all.note(stream);
  }
}
