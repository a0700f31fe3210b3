package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.proxy.ProxyConnectException;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.penstock.core.FailureKind;
import io.penstock.testkit.Ports;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class UnreachedTest {
  private static final Logger LOGGER = (Logger) LoggerFactory.getLogger(Unreached.class);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private final ConnectException refused = new ConnectException("Connection refused");

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(
              event.getMessage()
                  + event.getKeyValuePairs().stream()
                      .map(pair -> " " + pair.key + "=" + pair.value)
                      .collect(Collectors.joining()));
        }
      };

  @BeforeEach
  void listen() {
    appender.start();
    LOGGER.setLevel(Level.INFO);
    LOGGER.addAppender(appender);
  }

  @AfterEach
  void stop() {
    LOGGER.detachAppender(appender);
    LOGGER.setLevel(null);
  }

  private List<String> told() {
    List<String> told = List.copyOf(lines);
    lines.clear();
    return told;
  }

  @Test
  void outage_ofAThousandCallsASecond_isToldAtItsBeginningOnceAMinuteAndAtItsEnd() {
    Unreached unreached = new Unreached("https://a");
    // A clock may stand anywhere, also before 0.
    long begun = -90 * SECOND;

    assertThat(unreached.failed(refused, begun)).isEqualTo("the connection was refused");
    assertThat(told())
        .containsExactly("a provider is not reached to=https://a cause=" + refused + " failed=1");

    for (int i = 1; i < 150_000; i++) {
      unreached.failed(refused, begun + i * (SECOND / 1000));
    }
    assertThat(told())
        .containsExactly(
            "a provider is not reached to=https://a cause=" + refused + " failed=60000",
            "a provider is not reached to=https://a cause=" + refused + " failed=60000");

    unreached.reached();
    unreached.reached();
    assertThat(told()).containsExactly("a provider is reached again to=https://a failed=29999");
  }

  @Test
  void outage_afterAQuietMinute_isToldAtOnce() {
    Unreached unreached = new Unreached("https://a");
    unreached.failed(refused, 0);
    unreached.reached();
    told();

    unreached.failed(refused, 61 * SECOND);

    assertThat(told())
        .containsExactly("a provider is not reached to=https://a cause=" + refused + " failed=1");
  }

  @Test
  void providerThatComesAndGoes_hasTwoLinesAMinute() {
    Unreached unreached = new Unreached("https://a");
    for (int i = 0; i < 120; i++) {
      unreached.failed(refused, i * SECOND);
      unreached.reached();
    }

    assertThat(told())
        .containsExactly(
            "a provider is not reached to=https://a cause=" + refused + " failed=1",
            "a provider is reached again to=https://a failed=0",
            "a provider is not reached to=https://a cause=" + refused + " failed=60",
            "a provider is reached again to=https://a failed=0");
  }

  @Test
  void providerThatIsReached_isNotSpokenOf() {
    new Unreached("https://a").reached();

    assertThat(told()).isEmpty();
  }

  @Test
  void pool_refusedThenServed_tellsBoth_andNotOfCallsThatWereLeft() throws Exception {
    EventLoopGroup loops = Transport.NIO.newGroup(1, "pool");
    try {
      UpstreamPool pool =
          new UpstreamPool(loops.next(), Transport.NIO, DefaultAddressResolverGroup.INSTANCE);
      String host = InetAddress.getLoopbackAddress().getHostAddress();
      int port = Ports.free();
      Origin origin = new Origin(host, port, null, null);

      // On the loop, so that it is over before the connection can have failed.
      loops.submit(() -> send(pool, origin).call().cancel()).get();
      assertThat(loops.submit(() -> send(pool, origin)).get().failure().get(20, TimeUnit.SECONDS))
          .isEqualTo("the connection was refused");
      assertThat(lines.poll(20, TimeUnit.SECONDS))
          .startsWith("a provider is not reached to=" + origin)
          .endsWith(" failed=1");

      try (ServerSocket there = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        loops.submit(() -> send(pool, origin)).get();
        there.accept().close();
        assertThat(lines.poll(20, TimeUnit.SECONDS))
            .isEqualTo("a provider is reached again to=" + origin + " failed=0");
      }
    } finally {
      loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'newSocketStream(..) failed with error(-24): Too many open files', NO_SOCKET, 'it is out of"
        + " file descriptors', false",
    "Permission denied, CONNECT, 'the connection failed', true",
  })
  void pool_withoutASocket_failsTheCallOnItsLoop_andTheProviderOnlyForOtherCauses(
      String said, FailureKind kind, String message, boolean ofProvider) throws Exception {
    EventLoopGroup loops = Transport.NIO.newGroup(1, "pool");
    try {
      EventLoop loop = loops.next();
      UpstreamPool pool =
          new UpstreamPool(
              loop,
              () -> {
                throw new ChannelException("no channel", new IOException(said));
              },
              DefaultAddressResolverGroup.INSTANCE,
              System::nanoTime);
      Origin origin = new Origin("127.0.0.1", 1, null, null);

      Sent sent = loop.submit(() -> send(pool, origin)).get();

      assertThat(sent.failure().get(20, TimeUnit.SECONDS)).isEqualTo(message);
      assertThat(sent.kind().get()).isEqualTo(kind);
      assertThat(loop.inEventLoop(sent.on().get())).isTrue();
      assertThat(lines).hasSize(ofProvider ? 1 : 0);
    } finally {
      loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private record Sent(
      UpstreamCall call,
      CompletableFuture<String> failure,
      AtomicReference<FailureKind> kind,
      AtomicReference<Thread> on) {}

  private static Sent send(UpstreamPool pool, Origin origin) {
    CompletableFuture<String> failure = new CompletableFuture<>();
    AtomicReference<FailureKind> failed = new AtomicReference<>();
    AtomicReference<Thread> on = new AtomicReference<>();
    UpstreamListener listener =
        new UpstreamListener() {
          @Override
          public void onHead(int status, HttpHeaders headers) {}

          @Override
          public void onData(ByteBuf data) {}

          @Override
          public void onReadComplete() {}

          @Override
          public void onBroken(Throwable thrown) {}

          @Override
          public void onEnd() {}

          @Override
          public void onFailure(FailureKind kind, String message) {
            failed.set(kind);
            on.set(Thread.currentThread());
            failure.complete(message);
          }
        };
    return new Sent(
        pool.send(
            origin,
            new Timeouts(60_000, 60_000, 60_000, 60_000),
            new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"),
            listener),
        failure,
        failed,
        on);
  }

  @Test
  void kind_ofAnyCause_namesNoAddress() {
    String address = "llm.internal/10.1.2.3:8443";

    assertThat(Unreached.kind(new ConnectException("Connection refused: " + address)))
        .isEqualTo("the connection was refused");
    assertThat(Unreached.kind(new ConnectTimeoutException("timed out: " + address)))
        .isEqualTo("no connection in time");
    assertThat(Unreached.kind(new ProxyConnectException("http, none, " + address)))
        .isEqualTo("the proxy did not connect to it");
    assertThat(Unreached.kind(new NoRouteToHostException("No route to host: " + address)))
        .isEqualTo("there is no route to it");
    assertThat(Unreached.kind(new UnknownHostException("Failed to resolve " + address)))
        .isEqualTo("its name cannot be resolved");
    assertThat(Unreached.kind(new SSLHandshakeException("no subject " + address)))
        .isEqualTo("the TLS handshake failed");
    assertThat(Unreached.kind(new ClosedChannelException())).isEqualTo("the connection failed");
    assertThat(Unreached.kind(null)).isEqualTo("the connection failed");
  }
}
