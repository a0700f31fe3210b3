package io.penstock.testkit;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Plays one script on one connection. Confined to the channel's event loop. */
final class ScriptPlayer {
  private final Channel channel;
  private final Script script;
  private final Consumer<Tally> whenOver;
  private final Runnable whenAnswered;
  private final Tally.Reader reader = new Tally.Reader();
  private int next;
  private int waitedFor = -1;
  private long sent;
  private boolean over;

  ScriptPlayer(Channel channel, Script script, Consumer<Tally> whenOver, Runnable whenAnswered) {
    this.channel = channel;
    this.script = script;
    this.whenOver = whenOver;
    this.whenAnswered = whenAnswered;
  }

  void start() {
    Gate gate = script.headGate;
    if (gate != null) {
      gate.pass(() -> channel.eventLoop().execute(this::head));
    } else {
      head();
    }
  }

  /** Goes on; called again when a gate opens, time passes or the client has read. */
  void play() {
    while (!over && channel.isWritable()) {
      if (next == script.parts.size()) {
        if (script.end != Script.End.REPEAT) {
          finish();
          return;
        }
        next = 0;
        waitedFor = -1;
      }
      if (mustWait()) {
        return;
      }
      writePart(script.parts.get(next++));
      if (sent >= script.cutAfter) {
        finish();
        return;
      }
    }
  }

  /** Stops playing: the connection has ended. Reports what was sent. */
  void stop() {
    if (!over) {
      over = true;
      whenOver.accept(reader.finish());
    }
  }

  private void head() {
    if (over) {
      return;
    }
    if (script.head == Script.Head.SENT) {
      HttpResponse head =
          new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(script.status));
      script.headers.forEach((name, value) -> head.headers().set(name, value));
      if (!head.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
        HttpUtil.setTransferEncodingChunked(head, true);
      }
      channel.writeAndFlush(head);
    }
    play();
  }

  private boolean mustWait() {
    if (waitedFor == next) {
      return false;
    }
    waitedFor = next;
    Gate gate = script.pauses.get(next);
    if (gate != null) {
      gate.pass(() -> channel.eventLoop().execute(this::play));
      return true;
    }
    if (script.everyNanos > 0) {
      channel.eventLoop().schedule(this::play, script.everyNanos, TimeUnit.NANOSECONDS);
      return true;
    }
    return false;
  }

  private void writePart(byte[] part) {
    int length = (int) Math.min(part.length, script.cutAfter - sent);
    byte[] bytes = length == part.length ? part : Arrays.copyOf(part, length);
    sent += length;
    reader.read(bytes);
    if (script.head == Script.Head.RAW) {
      ChannelHandlerContext codec = channel.pipeline().context(HttpServerCodec.class);
      codec.writeAndFlush(Unpooled.wrappedBuffer(bytes));
    } else {
      channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)));
    }
  }

  private void finish() {
    switch (script.end) {
      case COMPLETE -> {
        ChannelFuture last = channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        stop();
        last.addListener(written -> whenAnswered.run());
      }
      case CUT -> {
        stop();
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
      }
      case RESET -> {
        stop();
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.close();
      }
      case STALL, REPEAT -> {
        // the client has to end it
      }
    }
  }
}
