package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.penstock.core.FailureKind;
import io.penstock.testkit.Await;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A provider that speaks byte by byte, one connection after the other, and the pool before it. */
final class RawProvider {
  private static final Timeouts LONG = new Timeouts(60_000, 60_000, 60_000, 60_000);
  private static final int PATIENCE_MILLIS = 20_000;

  /** Small, so that a large request stays under way until it is read. */
  private static final int RECEIVED_AHEAD = 16 * 1024;

  private final EventLoopGroup loops;
  private final UpstreamPool pool;
  private final ServerSocket listener;
  private final Origin origin;
  private @Nullable Socket connection;
  private int connections;

  RawProvider(Transport transport) throws IOException {
    this(transport, System::nanoTime);
  }

  RawProvider(Transport transport, LongSupplier clock) throws IOException {
    this(transport, new ReflectiveChannelFactory<>(transport.socketChannel()), clock);
  }

  /** Creates one before which the pool has sockets of its own kind. */
  RawProvider(Transport transport, ChannelFactory<? extends Channel> sockets, LongSupplier clock)
      throws IOException {
    loops = transport.newGroup(1, "pool");
    pool = new UpstreamPool(loops.next(), sockets, DefaultAddressResolverGroup.INSTANCE, clock);
    listener = new ServerSocket();
    listener.setReceiveBufferSize(RECEIVED_AHEAD);
    listener.setSoTimeout(PATIENCE_MILLIS);
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    origin =
        new Origin(listener.getInetAddress().getHostAddress(), listener.getLocalPort(), null, null);
  }

  /** Notes what is heard as one line. */
  static class Heard implements UpstreamListener {
    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<String> end = new CompletableFuture<>();

    @Override
    public void onHead(int status, HttpHeaders headers) {
      text.append(status).append(' ');
      text.append(headers.get(HttpHeaderNames.CONTENT_ENCODING, "as it is")).append(": ");
    }

    @Override
    public void onData(ByteBuf data) {
      text.append(data.toString(StandardCharsets.UTF_8));
    }

    @Override
    public void onReadComplete() {
      // Nothing is held back.
    }

    @Override
    public void onEnd() {
      end.complete(text.toString());
    }

    @Override
    public void onFailure(FailureKind kind, String message) {
      end.complete(text + "failed, " + kind + ", " + message);
    }

    @Override
    public void onBroken(Throwable why) {
      end.completeExceptionally(why);
    }

    /** Returns all that was heard once that is over. */
    String all() throws Exception {
      return end.get(60, TimeUnit.SECONDS);
    }

    void awaitWords(String words) {
      Await.until(words, () -> text.indexOf(words) >= 0);
    }
  }

  /** Sends a request; it may be under way for as long as it is not read. */
  Heard send(HttpMethod method, int bodyBytes) throws Exception {
    return send(method, bodyBytes, true);
  }

  /** Does the same with one that is repeated, or not, when its connection proves stale. */
  Heard send(HttpMethod method, int bodyBytes, boolean repeats) throws Exception {
    FullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            method,
            "/v1",
            Unpooled.wrappedBuffer("q".repeat(bodyBytes).getBytes(StandardCharsets.US_ASCII)));
    request.headers().set(HttpHeaderNames.CONTENT_LENGTH, bodyBytes);
    Heard heard = new Heard();
    loops.next().submit(() -> pool.send(origin, LONG, request, repeats, heard)).get();
    return heard;
  }

  /** Reads a request's head, on the connection there is, else on the next. */
  void readHead(HttpMethod method, int bodyBytes) throws IOException {
    String expected = method + " /v1 HTTP/1.1\r\ncontent-length: " + bodyBytes + "\r\n\r\n";
    assertThat(read(expected.length())).isEqualTo(expected);
  }

  void readBody(int bytes) throws IOException {
    assertThat(read(bytes)).isEqualTo("q".repeat(bytes));
  }

  private String read(int bytes) throws IOException {
    return new String(connection().getInputStream().readNBytes(bytes), StandardCharsets.US_ASCII);
  }

  private Socket connection() throws IOException {
    Socket known = connection;
    if (known == null) {
      known = listener.accept();
      known.setSoTimeout(PATIENCE_MILLIS);
      connection = known;
      connections++;
    }
    return known;
  }

  /** Returns how many connections there have been. */
  int connections() {
    return connections;
  }

  void say(String text) throws IOException {
    say(text.getBytes(StandardCharsets.US_ASCII));
  }

  void say(byte[] bytes) throws IOException {
    connection().getOutputStream().write(bytes);
  }

  void hangUp() throws IOException {
    connection().close();
    connection = null;
  }

  void reset() throws IOException {
    connection().setSoLinger(true, 0);
    hangUp();
  }

  /** Does that while nothing that arrives is looked at: all of it is there at once afterwards. */
  void unseen(Callable<?> what) throws Exception {
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    CompletableFuture<Void> done = new CompletableFuture<>();
    loops
        .next()
        .execute(() -> {
          stopped.complete(null);
          done.join();
        });
    stopped.join();
    try {
      what.call();
    } finally {
      done.complete(null);
    }
  }

  /** Waits until a connection whose answer was heard is kept. */
  void awaitKept() throws Exception {
    loops.next().submit(() -> {}).get();
  }

  /** Lets the pool look for connections that have been idle for too long. */
  void sweep() throws Exception {
    loops.next().submit(pool.idle()::sweep).get();
  }

  /** Waits until the other side gives the connection up. */
  void awaitGivenUp() throws IOException {
    InputStream in = connection().getInputStream();
    byte[] buffer = new byte[64 * 1024];
    try {
      while (in.read(buffer) >= 0) {
        // The rest of a request.
      }
    } catch (SocketException e) {
      // Closed with something unread.
    }
    hangUp();
  }

  void close() throws Exception {
    loops.next().submit(pool::close).get();
    loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).get();
    if (connection != null) {
      connection.close();
    }
    listener.close();
  }
}
