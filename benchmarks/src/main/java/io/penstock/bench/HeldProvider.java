package io.penstock.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A provider in this JVM whose answers never end: it tells when its caller has gone, by the clock
 * of this JVM. One request at a time.
 */
final class HeldProvider implements AutoCloseable {
  private static final long EVENT_MILLIS = 20;
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
  private static final String EVENT =
      "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
          + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"token \"},"
          + "\"finish_reason\":null}]}\n\n";

  private final EventLoopGroup group = Transport.group(1);
  private final Channel listener;
  private volatile Held held = new Held(false);

  /** What becomes of the next request. */
  static final class Held {
    private final boolean streams;

    /** Done when the request has arrived whole. */
    final CompletableFuture<Void> arrived = new CompletableFuture<>();

    /** {@link System#nanoTime} at which its connection had gone. */
    final CompletableFuture<Long> gone = new CompletableFuture<>();

    private Held(boolean streams) {
      this.streams = streams;
    }
  }

  HeldProvider() {
    listener =
        new ServerBootstrap()
            .group(group)
            .channel(Transport.serverChannel())
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new HttpRequestDecoder(), new Connection());
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .syncUninterruptibly()
            .channel();
  }

  /** Says what to do with the next request: an event now and then, or nothing at all. */
  Held expect(boolean streams) {
    Held next = new Held(streams);
    held = next;
    return next;
  }

  Target target() {
    int port = ((InetSocketAddress) listener.localAddress()).getPort();
    URI chat = URI.create("http://127.0.0.1:" + port + "/v1/chat/completions");
    return new Target("no gateway", chat, new ProcessMeter(ProcessHandle.current().pid()), null);
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** A connection of the gateway. Confined to the loop. */
  private final class Connection extends ChannelInboundHandlerAdapter {
    private CompletableFuture<Long> gone = new CompletableFuture<>(); // of no request yet

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      boolean whole = message instanceof LastHttpContent;
      ReferenceCountUtil.release(message);
      if (!whole) {
        return;
      }
      Held now = held;
      gone = now.gone;
      if (now.streams) {
        ctx.write(Unpooled.copiedBuffer(HEAD, StandardCharsets.US_ASCII));
        event(ctx);
      }
      now.arrived.complete(null);
    }

    private void event(ChannelHandlerContext ctx) {
      if (ctx.channel().isActive()) {
        String chunk = Integer.toHexString(EVENT.length()) + "\r\n" + EVENT + "\r\n";
        ctx.writeAndFlush(Unpooled.copiedBuffer(chunk, StandardCharsets.US_ASCII));
        ctx.executor().schedule(() -> event(ctx), EVENT_MILLIS, TimeUnit.MILLISECONDS);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      gone.complete(System.nanoTime());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
