package io.penstock.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Many connections, opened one after the other, with one request each; they stay until it is
 * closed. Counted on one loop, read by any thread.
 */
final class Crowd implements AutoCloseable {
  private final EventLoopGroup group = Transport.group(1);
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicLong events = new AtomicLong();
  private final RequestTemplate requests;
  private final URI target;

  private Crowd(URI target, Load load) {
    this.target = target;
    requests = new RequestTemplate(target, load);
  }

  /** Opens the load's connections at the load's rate; returns when the last has been opened. */
  static Crowd open(URI target, Load load) {
    Crowd crowd = new Crowd(target, load);
    long start = System.nanoTime();
    for (int i = 0; i < load.connections(); i++) {
      crowd.connect(i);
      long due = start + (i + 1) * TimeUnit.SECONDS.toNanos(1) / load.rate();
      LockSupport.parkNanos(due - System.nanoTime());
    }
    return crowd;
  }

  private void connect(int n) {
    new Bootstrap()
        .group(group)
        .channel(Transport.channel())
        .option(ChannelOption.TCP_NODELAY, true)
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(new HttpResponseDecoder(), new Member(n));
              }
            })
        .connect(target.getHost(), target.getPort())
        .addListener(connected -> {
          if (!connected.isSuccess()) {
            failed.incrementAndGet();
          }
        });
  }

  /** Returns connections that are open. */
  int opened() {
    return open.get();
  }

  /** Returns answers that have begun. */
  int begun() {
    return begun.get();
  }

  /** Returns answers that are whole. */
  int answered() {
    return answered.get();
  }

  /** Returns connections that were refused, broken, or not answered with 200. */
  int failed() {
    return failed.get();
  }

  /** Returns pieces of answers so far. */
  long events() {
    return events.get();
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** One connection. Confined to the loop. */
  private final class Member extends ChannelInboundHandlerAdapter {
    private final int number;

    Member(int number) {
      this.number = number;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      open.incrementAndGet();
      ctx.writeAndFlush(Unpooled.wrappedBuffer(requests.request(number)));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof HttpResponse response) {
        (response.status().code() == 200 ? begun : failed).incrementAndGet();
      }
      if (message instanceof HttpContent content && content.content().isReadable()) {
        events.incrementAndGet();
      }
      if (message instanceof LastHttpContent) {
        answered.incrementAndGet();
      }
      ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      open.decrementAndGet();
      if (!group.isShuttingDown()) {
        failed.incrementAndGet();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
