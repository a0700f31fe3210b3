package io.penstock.server.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.Future;
import io.penstock.core.FailureKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to providers. A request whose kept connection turns out to be
 * gone gets a fresh one. Confined to its event loop.
 */
public final class UpstreamPool {
  private static final int MAX_HEAD_BYTES = 64 * 1024;
  private static final int CHUNK_BYTES = 64 * 1024;

  private final EventLoop loop;
  private final ChannelFactory<? extends Channel> sockets;
  private final AddressResolverGroup<InetSocketAddress> resolver;
  private final LongSupplier clock;
  private final IdleConnections idle;

  /** Creates the pool of a loop. */
  public UpstreamPool(
      EventLoop loop, Transport transport, AddressResolverGroup<InetSocketAddress> resolver) {
    this(loop, transport, resolver, System::nanoTime);
  }

  /**
   * Creates the pool of a loop.
   *
   * @param clock nanoseconds, for how long a connection was idle and what that means for a request
   */
  UpstreamPool(
      EventLoop loop,
      Transport transport,
      AddressResolverGroup<InetSocketAddress> resolver,
      LongSupplier clock) {
    this(loop, new ReflectiveChannelFactory<>(transport.socketChannel()), resolver, clock);
  }

  /** Creates the pool with sockets of its own kind, which fit the loop. */
  UpstreamPool(
      EventLoop loop,
      ChannelFactory<? extends Channel> sockets,
      AddressResolverGroup<InetSocketAddress> resolver,
      LongSupplier clock) {
    this.loop = loop;
    this.sockets = sockets;
    this.resolver = resolver;
    this.clock = clock;
    this.idle = new IdleConnections(loop, clock);
  }

  /**
   * Sends a request. Nothing is called on the listener before this method returns.
   *
   * @param request owned; a full request whose body is on the heap
   */
  public UpstreamCall send(
      Origin origin, Timeouts timeouts, HttpRequest request, UpstreamListener listener) {
    return send(origin, timeouts, request, true, listener);
  }

  /**
   * Does the same.
   *
   * @param repeats whether it may be written again when its kept connection proves stale
   */
  public UpstreamCall send(
      Origin origin,
      Timeouts timeouts,
      HttpRequest request,
      boolean repeats,
      UpstreamListener listener) {
    long now = System.nanoTime();
    UpstreamCall call = new UpstreamCall(timeouts, request, listener, now);
    UpstreamHandler kept = idle.take(origin);
    if (kept != null) {
      if (repeats) {
        call.reuses(new Reuse(this, origin, clock.getAsLong()));
      }
      dispatch(kept, call, now);
    } else {
      connect(origin, timeouts, call, now);
    }
    return call;
  }

  long nowNanos() {
    return clock.getAsLong();
  }

  /**
   * Sends on a connection of its own what was not sent yet, or to nobody.
   *
   * <p>Its socket is made after this turn's events: epoll tells of events by file descriptor. A
   * socket that gets the number of one that was closed in this turn would get what was told of that
   * one too, and Netty takes a hang-up of a socket that is connecting for its own end.
   */
  void connect(Origin origin, Timeouts timeouts, UpstreamCall call, long now) {
    loop.execute(() -> {
      try {
        if (!call.isDone()) {
          open(origin, timeouts, call, now);
        }
      } catch (Throwable e) {
        call.broken(e);
      }
    });
  }

  private void open(Origin origin, Timeouts timeouts, UpstreamCall call, long now) {
    Watch watch = new Watch(loop);
    ChannelFuture connecting =
        new Bootstrap()
            .group(loop)
            .channelFactory(sockets)
            .resolver(resolver)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            // Whoever refuses a large body in its middle has answered before: that is still read.
            .option(ChannelOption.AUTO_CLOSE, false)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                Math.clamp(timeouts.connect(), 1, Integer.MAX_VALUE))
            .handler(new Initializer(origin, watch))
            .connect(InetSocketAddress.createUnresolved(origin.host(), origin.port()));
    if (connecting.isDone() && !connecting.channel().isRegistered()) {
      // There is no socket, and what stands for it is of no loop: nothing can be asked of it.
      unreached(origin, timeouts, call, now, connecting.cause());
      return;
    }
    call.connecting(connecting.channel(), watch, now);
    connecting.addListener(done -> {
      if (!done.isSuccess()) {
        unreached(origin, timeouts, call, now, done.cause());
      } else {
        whenSecure(connecting.channel(), origin, timeouts, call, now);
      }
    });
  }

  private void whenSecure(
      Channel channel, Origin origin, Timeouts timeouts, UpstreamCall call, long begun) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      reached(channel, origin, call);
      return;
    }
    Future<Channel> handshake = tls.handshakeFuture();
    handshake.addListener(done -> {
      if (done.isSuccess()) {
        reached(channel, origin, call);
      } else {
        unreached(origin, timeouts, call, begun, done.cause());
      }
    });
  }

  private void reached(Channel channel, Origin origin, UpstreamCall call) {
    origin.unreached().reached();
    dispatch(channel.pipeline().get(UpstreamHandler.class), call, System.nanoTime());
  }

  private static void unreached(
      Origin origin, Timeouts timeouts, UpstreamCall call, long begun, @Nullable Throwable cause) {
    long now = System.nanoTime();
    if (!call.isDone() && Descriptors.PROCESS.areLacking(cause)) {
      call.fail(FailureKind.NO_SOCKET, "it is out of file descriptors");
    } else if (!call.isDone() && Buffers.areLacking(cause)) {
      call.fail(FailureKind.NO_BUFFER, Buffers.WORDS);
    } else if (!call.isDone()) {
      call.fail(FailureKind.CONNECT, origin.unreached().failed(cause, now));
    } else if (now - begun >= TimeUnit.MILLISECONDS.toNanos(timeouts.connect())) {
      // The call has closed its connection, so that the cause is that.
      origin
          .unreached()
          .failed(new ConnectTimeoutException("within " + timeouts.connect() + " ms"), now);
    }
    // Else its client has left, or another target has answered: that says nothing of the provider.
  }

  private static void dispatch(UpstreamHandler handler, UpstreamCall call, long now) {
    Channel channel = handler.channel();
    if (call.isDone()) {
      channel.close();
      return;
    }
    handler.start(call);
    call.sent(channel, handler.watch(), now);
    ChannelFuture sent = channel.writeAndFlush(call.request());
    if (!sent.isDone() || sent.isSuccess()) {
      call.written();
    }
    // Mostly it is on its way by now: then there is nobody to tell.
    if (!sent.isSuccess()) {
      handler.sending(sent);
      sent.addListener(done -> {
        // While there is something to read, that tells what became of it.
        boolean readable = done.cause() instanceof IOException && channel.isActive();
        if (!done.isSuccess() && !readable) {
          handler.lostSending(call, done.cause());
        }
      });
    }
  }

  IdleConnections idle() {
    return idle;
  }

  /** Closes the idle connections, now and when busy ones come back. Call on the loop. */
  public void close() {
    idle.close();
  }

  private final class Initializer extends ChannelInitializer<Channel> {
    private final Origin origin;
    private final Watch watch;

    Initializer(Origin origin, Watch watch) {
      this.origin = origin;
      this.watch = watch;
    }

    @Override
    protected void initChannel(Channel channel) {
      HttpProxy proxy = origin.proxy();
      if (proxy != null) {
        channel.pipeline().addLast(proxy.handler());
      }
      SslContext ssl = origin.ssl();
      if (ssl != null) {
        channel.pipeline().addLast(ssl.newHandler(channel.alloc(), origin.host(), origin.port()));
      }
      HttpDecoderConfig config =
          new HttpDecoderConfig().setMaxHeaderSize(MAX_HEAD_BYTES).setMaxChunkSize(CHUNK_BYTES);
      AnswerDecoder decoder = new AnswerDecoder(config);
      channel
          .pipeline()
          .addLast(decoder, new RequestEncoder(decoder))
          .addLast(new UpstreamHandler(UpstreamPool.this, origin, watch, decoder));
    }
  }
}
