package io.penstock.server.client;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.penstock.server.upstream.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A listening port that speaks HTTP/1.1, and HTTP/2 where TLS negotiates it. */
public final class ClientServer {
  /** Tells a connection to end after the request under way. */
  enum Drain {
    EVENT
  }

  private static final int LOW_WATER = 32 * 1024;
  private static final int HIGH_WATER = 128 * 1024;

  /** Connections beyond the limit, as a share of it, whose requests get an answer that says so. */
  private static final int SPARE = 8;

  /** How long an HTTP/2 connection that ends may wait for its streams; {@link #close} does not. */
  private static final long LAST_STREAM_MILLIS = 600_000;

  private static final int MAX_STREAMS = 256;
  private static final int HTTP2_WINDOW = 1024 * 1024;

  private final Channel listener;
  private final ChannelGroup connections;
  private final AtomicBoolean draining;

  private ClientServer(Channel listener, ChannelGroup connections, AtomicBoolean draining) {
    this.listener = listener;
    this.connections = connections;
    this.draining = draining;
  }

  /**
   * What a port needs.
   *
   * @param limits gives the bounds of the next connection
   * @param tls gives the TLS context of the next connection; null for plain HTTP
   * @param proxyProtocol whether every connection begins with a PROXY header
   */
  public record Options(
      InetSocketAddress address,
      Supplier<ClientLimits> limits,
      @Nullable Supplier<SslContext> tls,
      boolean proxyProtocol) {}

  /**
   * Binds the port.
   *
   * @throws IOException when it can't be bound, with the address in the message
   */
  public static ClientServer bind(
      Options options, EventLoopGroup loops, Transport transport, RequestSink sink)
      throws IOException {
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    PerLoop perLoop = new PerLoop(options, loops);
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(transport.serverChannel())
            .option(ChannelOption.SO_BACKLOG, 4096)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(LOW_WATER, HIGH_WATER))
            .childHandler(new Initializer(options, sink, connections, perLoop));
    var bound = bootstrap.bind(options.address()).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "cannot listen on "
              + options.address().getHostString()
              + ":"
              + options.address().getPort()
              + ": "
              + bound.cause().getMessage(),
          bound.cause());
    }
    // Behind Netty's own, which stops accepting for a second.
    bound.channel().pipeline().addLast(LastResort.OfListener.INSTANCE);
    return new ClientServer(bound.channel(), connections, perLoop.draining);
  }

  /**
   * What the connections of one loop share.
   *
   * @param draining whether the server drains, for those that were not set up when it began to
   */
  record Shared(Unread unread, IdleConnections idle, AtomicBoolean draining) {}

  static final class PerLoop extends FastThreadLocal<Shared> {
    private final Options options;
    private final long loops;
    private final AtomicBoolean draining = new AtomicBoolean();

    PerLoop(Options options, EventLoopGroup all) {
      this.options = options;
      long count = 0;
      for (EventExecutor ignored : all) {
        count++;
      }
      this.loops = count;
    }

    @Override
    protected Shared initialValue() {
      return new Shared(
          new Unread(() -> options.limits().get().unreadBytes() / loops),
          new IdleConnections(),
          draining);
    }
  }

  Channel listener() {
    return listener;
  }

  /** Returns the port that was bound. */
  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Stops listening; open connections go on until the request under way is answered. */
  public void drain() {
    draining.set(true);
    listener.close().awaitUninterruptibly();
    connections.forEach(channel -> channel.eventLoop().execute(() -> drain(channel)));
  }

  private static void drain(Channel channel) {
    if (channel.pipeline().get(Http2FrameCodec.class) != null) {
      // Sends GOAWAY and closes when the last stream has ended; what is being read may begin one.
      channel.eventLoop().execute(channel::close);
    } else {
      channel.pipeline().fireUserEventTriggered(Drain.EVENT);
    }
  }

  /** Returns the number of open connections. */
  public int connections() {
    return connections.size();
  }

  /** Closes everything. */
  public void close() {
    listener.close().awaitUninterruptibly();
    // Not the channel itself: HTTP/2 would wait for its streams.
    connections.forEach(Http2StreamEnd::closeNow);
    connections.newCloseFuture().awaitUninterruptibly();
  }

  static final class Initializer extends ChannelInitializer<Channel> {
    private final Options options;
    private final RequestSink sink;
    private final ChannelGroup connections;
    private final PerLoop perLoop;

    Initializer(Options options, RequestSink sink, ChannelGroup connections, PerLoop perLoop) {
      this.options = options;
      this.sink = sink;
      this.connections = connections;
      this.perLoop = perLoop;
    }

    @Override
    protected void initChannel(Channel channel) {
      ClientLimits limits = options.limits().get();
      int max = limits.connections();
      Shared shared = perLoop.get();
      if (connections.size() >= max) {
        shared.idle().makeRoom(channel.eventLoop().ticker().nanoTime());
      }
      int open = connections.size();
      if (open - max >= max / SPARE) {
        channel.close();
        return;
      }
      connections.add(channel);
      RequestSink to = open < max ? sink : new FullHouse(sink, connections, max);
      ChannelPipeline pipeline = channel.pipeline();
      if (options.proxyProtocol()) {
        pipeline.addLast(new HAProxyMessageDecoder(), new ProxyProtocolHandler());
      }
      Supplier<SslContext> tls = options.tls();
      Bounded bounded = new Bounded(limits, shared, to);
      if (tls == null) {
        bounded.http1(pipeline);
      } else {
        pipeline.addLast(tls.get().newHandler(channel.alloc()));
        pipeline.addLast(new Handshake(bounded));
      }
    }
  }

  /** How one connection is served. */
  record Bounded(ClientLimits limits, Shared shared, RequestSink to) {
    void http1(ChannelPipeline pipeline) {
      HttpDecoderConfig config =
          new HttpDecoderConfig()
              .setMaxInitialLineLength(limits.headBytes())
              .setMaxHeaderSize(limits.headBytes())
              .setMaxChunkSize(64 * 1024);
      StrictRequestDecoder decoder = new StrictRequestDecoder(config);
      pipeline.addLast(
          decoder,
          new ResponseEncoder(),
          new StalledClient(limits.stalledMillis(), shared.unread()),
          new ClientHandler(pipeline.channel(), to, limits, decoder, shared.idle()));
      drainIfLate(pipeline.channel());
    }

    boolean isDraining() {
      return shared.draining().get();
    }

    /** One that was not set up yet when the server began to drain was not told. */
    private void drainIfLate(Channel channel) {
      if (isDraining()) {
        drain(channel);
      }
    }

    void http2(ChannelPipeline pipeline) {
      Http2Settings settings =
          Http2Settings.defaultSettings()
              .maxConcurrentStreams(MAX_STREAMS)
              .initialWindowSize(HTTP2_WINDOW)
              .maxHeaderListSize(Http2RequestCodec.mostBytes(limits.headBytes()));
      pipeline.addLast(
          new Http2Bounds(limits.keepAliveMillis()),
          new StalledClient(limits.stalledMillis(), shared.unread()));
      pipeline.addLast(
          Http2FrameCodecBuilder.forServer()
              .initialSettings(settings)
              // Else a GOAWAY is followed by the end of the connection, streams or not.
              .gracefulShutdownTimeoutMillis(LAST_STREAM_MILLIS)
              .build());
      pipeline.addLast(
          new Http2MultiplexHandler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel stream) {
                  stream
                      .pipeline()
                      .addLast(
                          new Http2StreamEnd(limits.stalledMillis(), shared.unread()),
                          new Http2RequestCodec(limits.headBytes()),
                          new StalledClient(limits.stalledMillis(), shared.unread()),
                          new ClientHandler(stream, to, limits, null, null));
                }
              }));
      pipeline.addLast(LastResort.OfConnection.INSTANCE);
      drainIfLate(pipeline.channel());
    }
  }
}
