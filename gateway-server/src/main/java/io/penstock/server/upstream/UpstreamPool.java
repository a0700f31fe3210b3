package io.penstock.server.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.Future;
import io.penstock.core.FailureKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to providers: idle ones are kept per origin, last used first,
 * so that a burst's surplus ages out. Confined to its event loop.
 */
public final class UpstreamPool {
  /** Idle connections kept per origin and loop; more are closed when they come back. */
  static final int MAX_IDLE = 512;

  private static final int MAX_HEAD_BYTES = 64 * 1024;
  private static final int CHUNK_BYTES = 64 * 1024;

  private final EventLoop loop;
  private final Transport transport;
  private final AddressResolverGroup<InetSocketAddress> resolver;
  private final IdentityHashMap<Origin, ArrayDeque<Channel>> idle = new IdentityHashMap<>();
  private boolean closed;

  /** Creates the pool of a loop. */
  public UpstreamPool(
      EventLoop loop, Transport transport, AddressResolverGroup<InetSocketAddress> resolver) {
    this.loop = loop;
    this.transport = transport;
    this.resolver = resolver;
  }

  /**
   * Sends a request. Nothing is called on the listener before this method returns.
   *
   * @param request owned; a full request whose body is on the heap
   */
  public UpstreamCall send(
      Origin origin, Timeouts timeouts, HttpRequest request, UpstreamListener listener) {
    long now = System.nanoTime();
    UpstreamCall call = new UpstreamCall(timeouts, request, listener, now);
    Channel channel = takeIdle(origin);
    if (channel != null) {
      dispatch(channel, call, now);
    } else {
      connect(origin, timeouts, call, now);
    }
    return call;
  }

  private @Nullable Channel takeIdle(Origin origin) {
    ArrayDeque<Channel> channels = idle.get(origin);
    while (channels != null && !channels.isEmpty()) {
      Channel channel = channels.pollLast();
      if (channel.isActive()) {
        return channel;
      }
    }
    return null;
  }

  private void connect(Origin origin, Timeouts timeouts, UpstreamCall call, long now) {
    Watch watch = new Watch(loop);
    ChannelFuture connecting =
        new Bootstrap()
            .group(loop)
            .channel(transport.socketChannel())
            .resolver(resolver)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            // Whoever refuses a large body in its middle has answered before: that is still read.
            .option(ChannelOption.AUTO_CLOSE, false)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.max(1, timeouts.connect()))
            .handler(new Initializer(origin, watch))
            .connect(InetSocketAddress.createUnresolved(origin.host(), origin.port()));
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
    dispatch(channel, call, System.nanoTime());
  }

  private static void unreached(
      Origin origin, Timeouts timeouts, UpstreamCall call, long begun, @Nullable Throwable cause) {
    long now = System.nanoTime();
    if (!call.isDone()) {
      call.fail(FailureKind.CONNECT, origin.unreached().failed(cause, now));
    } else if (now - begun >= TimeUnit.MILLISECONDS.toNanos(timeouts.connect())) {
      // The call has closed its connection, so that the cause is that.
      origin
          .unreached()
          .failed(new ConnectTimeoutException("within " + timeouts.connect() + " ms"), now);
    }
    // Else its client has left, or another target has answered: that says nothing of the provider.
  }

  private void dispatch(Channel channel, UpstreamCall call, long now) {
    if (call.isDone()) {
      channel.close();
      return;
    }
    UpstreamHandler handler = channel.pipeline().get(UpstreamHandler.class);
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
          call.fail(FailureKind.RESET, "the connection was lost while sending");
        }
      });
    }
  }

  void release(Origin origin, Channel channel) {
    if (closed) {
      channel.close();
      return;
    }
    ArrayDeque<Channel> channels = idle.computeIfAbsent(origin, o -> new ArrayDeque<>());
    if (channels.size() >= MAX_IDLE) {
      channel.close();
    } else {
      channels.addLast(channel);
    }
  }

  void forget(Origin origin, Channel channel) {
    ArrayDeque<Channel> channels = idle.get(origin);
    if (channels != null && channels.remove(channel) && channels.isEmpty()) {
      idle.remove(origin);
    }
  }

  /** Closes the idle connections, now and when busy ones come back. Call on the loop. */
  public void close() {
    closed = true;
    idle.values().forEach(channels -> channels.forEach(Channel::close));
    idle.clear();
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
