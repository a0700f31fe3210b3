package io.penstock.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.penstock.bench.Watcher.Outcome;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One keep-alive connection of the generator with at most one request. Confined to its loop. */
final class LoadConnection extends ChannelInboundHandlerAdapter {
  private final LoadGenerator generator;
  private final int target;
  private @Nullable ChannelHandlerContext context;
  private boolean busy;
  private Outcome outcome = Outcome.DONE;
  private long due;
  private long first;
  private long previous;
  private String status = "";

  /** Creates a connection to the generator's target of that number. */
  LoadConnection(LoadGenerator generator, int target) {
    this.generator = generator;
    this.target = target;
  }

  /** Returns when what it waits for was due; -1 when it waits for nothing. */
  long waitsSince() {
    return busy ? due : -1;
  }

  int target() {
    return target;
  }

  void send(byte[] request, long whenDue) {
    busy = true;
    outcome = Outcome.DONE;
    first = 0;
    due = whenDue;
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("not connected");
    }
    ctx.writeAndFlush(Unpooled.wrappedBuffer(request));
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    generator.opened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (message instanceof HttpResponse response) {
        status = response.status().toString();
        outcome = outcome(response);
      }
      if (message instanceof HttpContent content) {
        read(content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private static Outcome outcome(HttpResponse response) {
    boolean says = response.headers().contains(HttpHeaderNames.RETRY_AFTER);
    return switch (response.status().code()) {
      case 200 -> Outcome.DONE;
      case 503 -> says ? Outcome.SHED : Outcome.FAILED;
      default -> Outcome.FAILED;
    };
  }

  private void read(HttpContent content) {
    long now = System.nanoTime();
    ByteBuf bytes = content.content();
    if (bytes.isReadable()) {
      if (outcome != Outcome.DONE && !generator.hasFailed()) {
        status += " " + bytes.toString(StandardCharsets.UTF_8);
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
      if (outcome == Outcome.DONE) {
        generator.finished(due, first, now);
      } else {
        generator.failed(status, due, outcome);
      }
      generator.next(this);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (busy) {
      busy = false;
      generator.failed("connection closed before the answer ended", due, Outcome.FAILED);
    }
    generator.lost(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
