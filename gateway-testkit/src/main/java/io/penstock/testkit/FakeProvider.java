package io.penstock.testkit;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A model provider on loopback that does what a test tells it. Without a rule it behaves as {@link
 * OpenAiBehaviour} says. It records what it receives and tallies what it reports. Thread-safe.
 *
 * <pre>{@code
 * provider.on("/v1/chat/completions").model("gpt-4o").nth(0).reply(Script.error(429).retryAfter("2"));
 * provider.on("/v1/chat/completions").reply(Script.sse(events).pauseBefore(2, gate));
 * }</pre>
 */
public final class FakeProvider implements AutoCloseable {
  private static final int MAX_REQUEST_BYTES = 256 << 20;

  private final MultiThreadIoEventLoopGroup group;
  private final Channel server;
  private final boolean tls;
  private final List<Rule> rules = new CopyOnWriteArrayList<>();
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final Map<String, Tally> tallies = new ConcurrentHashMap<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger open = new AtomicInteger();

  private FakeProvider(@Nullable SslContext tls) {
    this.tls = tls != null;
    group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    server =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    if (tls != null) {
                      channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                    }
                    channel
                        .pipeline()
                        .addLast(new HttpServerCodec())
                        .addLast(new HttpObjectAggregator(MAX_REQUEST_BYTES))
                        .addLast(new FakeProviderHandler(FakeProvider.this));
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
  }

  /** Starts a provider on a random loopback port. */
  public static FakeProvider start() {
    return new FakeProvider(null);
  }

  /** Starts a provider that speaks TLS with that certificate. */
  public static FakeProvider startTls(TestCertificate certificate) {
    return new FakeProvider(certificate.serverContext());
  }

  /** Returns the loopback port. */
  public int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /** Returns the address without a path, for example {@code http://127.0.0.1:41234}. */
  public String url() {
    return (tls ? "https" : "http") + "://127.0.0.1:" + port();
  }

  /** Returns the base URL of an OpenAI-compatible provider: {@link #url()} and {@code /v1}. */
  public String baseUrl() {
    return url() + "/v1";
  }

  /** Begins a rule for a path; one that ends in {@code *} is a prefix. The latest match wins. */
  public Rule on(String path) {
    return new Rule(path);
  }

  /** Returns all requests so far, in order of arrival. */
  public List<Received> requests() {
    return List.copyOf(received);
  }

  /** Blocks until n requests have arrived since the start or {@link #reset()}; returns the nth. */
  public Received awaitRequest(int n) {
    Await.until("provider received " + n + " requests", () -> received.size() >= n);
    return received.get(n - 1);
  }

  /** Returns what was reported, by {@code key + " " + model}. */
  public Map<String, Tally> tallies() {
    return Map.copyOf(tallies);
  }

  /** Returns the sum of all tallies. */
  public Tally tally() {
    return tallies.values().stream().reduce(Tally.NONE, Tally::plus);
  }

  /** Returns how many connections are open now. */
  public int openConnections() {
    return open.get();
  }

  /** Returns how many connections have been opened since the start. */
  public int connections() {
    return connections.get();
  }

  /** Forgets rules, requests and tallies. */
  public void reset() {
    rules.clear();
    received.clear();
    tallies.clear();
  }

  /** Ends all connections and frees the port. */
  @Override
  public void close() {
    server.close().syncUninterruptibly();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  void connectionOpened() {
    open.incrementAndGet();
    connections.incrementAndGet();
  }

  void connectionClosed() {
    open.decrementAndGet();
  }

  Script answer(Received request) {
    received.add(request);
    for (int i = rules.size() - 1; i >= 0; i--) {
      Rule rule = rules.get(i);
      if (rule.takes(request)) {
        return rule.script.apply(request);
      }
    }
    return OpenAiBehaviour.answer(request);
  }

  void count(Received request, Tally reported) {
    tallies.merge(request.key() + " " + request.model(), reported, Tally::plus);
  }

  /** Which requests a script answers. Confined to the test's thread until {@link #reply}. */
  public final class Rule {
    private final String path;
    private final AtomicInteger matches = new AtomicInteger();
    private @Nullable String model;
    private @Nullable String key;
    private int from;
    private int until = Integer.MAX_VALUE;
    private Function<Received, Script> script = request -> Script.silentAccept();

    private Rule(String path) {
      this.path = path;
    }

    /** Only requests for that model. */
    public Rule model(String name) {
      model = name;
      return this;
    }

    /** Only requests with that credential. */
    public Rule key(String credential) {
      key = credential;
      return this;
    }

    /** Only the nth of the matching requests, from 0. */
    public Rule nth(int n) {
      from = n;
      until = n + 1;
      return this;
    }

    /** Only the first n of the matching requests. */
    public Rule first(int n) {
      until = n;
      return this;
    }

    /** Answers with the script, from now on. */
    public void reply(Script answer) {
      reply(request -> answer);
    }

    /** Answers with what the function returns; it runs on an event loop and must not block. */
    public void reply(Function<Received, Script> answer) {
      script = answer;
      rules.add(this);
    }

    private boolean takes(Received request) {
      String bare = request.barePath();
      boolean matched =
          path.endsWith("*")
              ? bare.startsWith(path.substring(0, path.length() - 1))
              : bare.equals(path);
      if (!matched
          || (model != null && !model.equals(request.model()))
          || (key != null && !key.equals(request.key()))) {
        return false;
      }
      int count = matches.getAndIncrement();
      return count >= from && count < until;
    }
  }
}
