package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * How connections are made. One that is made while a loop works on what epoll told it may have the
 * file descriptor of one that was closed in that turn: what was told of the other must not reach
 * it.
 */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class UpstreamPoolTest {
  private static final Timeouts LONG = new Timeouts(60_000, 60_000, 60_000, 60_000);
  private static final String REQUEST = "POST /v1 HTTP/1.1\r\ncontent-length: 1\r\n\r\nq";
  private static final String ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain";

  @Test
  void connectionInPlaceOfAClosedOne_isMade() throws Exception {
    assumeTrue(Transport.EPOLL.isAvailable());
    EventLoopGroup loops = Transport.EPOLL.newGroup(1, "pool");
    EventLoop loop = loops.next();
    UpstreamPool pool =
        new UpstreamPool(loop, Transport.EPOLL, DefaultAddressResolverGroup.INSTANCE);
    try (ServerSocket listener = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      listener.setSoTimeout(20_000);
      Origin origin =
          new Origin(
              listener.getInetAddress().getHostAddress(), listener.getLocalPort(), null, null);
      RawProvider.Heard last = new RawProvider.Heard();
      AtomicReference<UpstreamCall> left = new AtomicReference<>();
      RawProvider.Heard answered =
          new RawProvider.Heard() {
            @Override
            public void onEnd() {
              super.onEnd();
              left.get().cancel();
              pool.send(origin, LONG, request(), last);
            }
          };
      Socket ending =
          asked(
              loop,
              () -> left.set(pool.send(origin, LONG, request(), new RawProvider.Heard())),
              listener);
      Socket busy = asked(loop, () -> pool.send(origin, LONG, request(), answered), listener);
      // One look at epoll tells of an answer, and of the end of the connection that is then closed.
      CompletableFuture<Void> stopped = new CompletableFuture<>();
      CompletableFuture<Void> sent = new CompletableFuture<>();
      loop.execute(() -> {
        stopped.complete(null);
        sent.join();
      });
      stopped.join();
      say(busy, ANSWER);
      ending.close();
      sent.complete(null);

      assertThat(answered.all()).endsWith("plain");
      try (Socket fresh = listener.accept()) {
        read(fresh);
        say(fresh, ANSWER);
        assertThat(last.all()).isEqualTo("200 as it is: plain");
      }
      busy.close();
    } finally {
      loop.submit(pool::close).get();
      loops.shutdownGracefully().get();
    }
  }

  @Test
  void connectionThatCannotEvenBeTried_endsItsCall() throws Exception {
    EventLoopGroup loops = Transport.NIO.newGroup(1, "pool");
    EventLoop loop = loops.next();
    UpstreamPool pool = new UpstreamPool(loop, Transport.NIO, DefaultAddressResolverGroup.INSTANCE);
    try {
      RawProvider.Heard heard = new RawProvider.Heard();
      Origin nowhere = new Origin("127.0.0.1", 70_000, null, null);

      loop.submit(() -> pool.send(nowhere, LONG, request(), heard)).get();

      assertThatThrownBy(heard::all).hasRootCauseInstanceOf(IllegalArgumentException.class);
    } finally {
      loop.submit(pool::close).get();
      loops.shutdownGracefully().get();
    }
  }

  private static FullHttpRequest request() {
    FullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.POST,
            "/v1",
            Unpooled.wrappedBuffer("q".getBytes(StandardCharsets.US_ASCII)));
    request.headers().set(HttpHeaderNames.CONTENT_LENGTH, 1);
    return request;
  }

  private static Socket asked(EventLoop loop, Runnable send, ServerSocket listener)
      throws Exception {
    loop.submit(send).get();
    Socket connection = listener.accept();
    read(connection);
    return connection;
  }

  private static void read(Socket from) throws IOException {
    from.setSoTimeout(20_000);
    byte[] bytes = from.getInputStream().readNBytes(REQUEST.length());
    assertThat(new String(bytes, StandardCharsets.US_ASCII)).isEqualTo(REQUEST);
  }

  private static void say(Socket to, String text) throws IOException {
    to.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }
}
