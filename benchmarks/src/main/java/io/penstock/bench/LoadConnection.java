package io.penstock.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One keep-alive connection of the generator with at most one request. Confined to its loop. */
final class LoadConnection extends ChannelInboundHandlerAdapter {
  private final LoadGenerator generator;
  private @Nullable ChannelHandlerContext context;
  private boolean busy;
  private boolean bad;
  private long due;
  private long first;
  private long previous;
  private String status = "";

  LoadConnection(LoadGenerator generator) {
    this.generator = generator;
  }

  /** Sends the request, which it owns from now on. */
  void send(ByteBuf request, long whenDue) {
    busy = true;
    bad = false;
    first = 0;
    due = whenDue;
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("not connected");
    }
    ctx.writeAndFlush(request);
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    generator.next(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (message instanceof HttpResponse response) {
        bad = response.status().code() != 200;
        status = response.status().toString();
      }
      if (message instanceof HttpContent content) {
        read(content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void read(HttpContent content) {
    long now = System.nanoTime();
    if (content.content().isReadable()) {
      if (bad) {
        status += " " + content.content().toString(StandardCharsets.UTF_8);
      }
      if (first == 0) {
        first = now;
      } else {
        generator.gap(now - previous);
      }
      previous = now;
    }
    if (content instanceof LastHttpContent) {
      busy = false;
      if (bad) {
        generator.failed(status);
        generator.next(this);
      } else {
        generator.finished(this, due, first, now);
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (busy) {
      busy = false;
      generator.failed("connection closed before the answer ended");
    }
    generator.reconnect();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
