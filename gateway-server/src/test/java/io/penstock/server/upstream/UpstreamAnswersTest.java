package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.penstock.core.FailureKind;
import io.penstock.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a provider answers, byte by byte, and what is heard of it; all on one connection. */
@ExtendWith(LeakCheck.class)
class UpstreamAnswersTest {
  private static final Timeouts LONG = new Timeouts(60_000, 60_000, 60_000, 60_000);
  private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: ";
  private static final byte[] PLAIN = {'p', 'l', 'a', 'i', 'n'};

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final UpstreamPool pool =
      new UpstreamPool(loops.next(), Transport.NIO, DefaultAddressResolverGroup.INSTANCE);
  private ServerSocket listener;
  private Origin origin;
  private @Nullable Socket connection;

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    origin =
        new Origin(listener.getInetAddress().getHostAddress(), listener.getLocalPort(), null, null);
  }

  @AfterEach
  void close() throws Exception {
    loops.next().submit(pool::close).get();
    loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).get();
    if (connection != null) {
      connection.close();
    }
    listener.close();
  }

  /** Notes what is heard as one line. */
  private static final class Heard implements UpstreamListener {
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
      end.complete(text + "failed, " + message);
    }
  }

  private String ask(HttpMethod method, int bodyBytes, String head, byte[] body) throws Exception {
    String question = "q".repeat(bodyBytes);
    FullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            method,
            "/v1",
            Unpooled.wrappedBuffer(question.getBytes(StandardCharsets.US_ASCII)));
    request.headers().set(HttpHeaderNames.CONTENT_LENGTH, bodyBytes);
    Heard heard = new Heard();
    loops.next().submit(() -> pool.send(origin, LONG, request, heard)).get();
    Socket provider = connection == null ? listener.accept() : connection;
    connection = provider;
    String expected =
        method + " /v1 HTTP/1.1\r\ncontent-length: " + bodyBytes + "\r\n\r\n" + question;
    byte[] sent = provider.getInputStream().readNBytes(expected.length());
    assertThat(new String(sent, StandardCharsets.US_ASCII)).isEqualTo(expected);
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    answer.writeBytes((head + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    answer.writeBytes(body);
    provider.getOutputStream().write(answer.toByteArray());
    return heard.end.get(60, TimeUnit.SECONDS);
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      zip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void answer_encodedThoughNobodyAskedForIt_isDecoded() throws Exception {
    byte[] zipped = gzip("zipped");
    String gzip = OK + zipped.length + "\r\ncontent-encoding: gzip";
    assertThat(ask(HttpMethod.POST, 1, OK + 5, PLAIN)).isEqualTo("200 as it is: plain");
    assertThat(ask(HttpMethod.POST, 1, gzip, zipped)).isEqualTo("200 as it is: zipped");
    assertThat(ask(HttpMethod.POST, 1, OK + 5, PLAIN)).isEqualTo("200 as it is: plain");
    assertThat(ask(HttpMethod.POST, 1, gzip, zipped)).isEqualTo("200 as it is: zipped");
    String own = OK + 5 + "\r\ncontent-encoding: own";
    assertThat(ask(HttpMethod.POST, 1, own, PLAIN)).isEqualTo("200 own: plain");
  }

  @Test
  void answer_withATransferCoding_isDecoded() throws Exception {
    byte[] zipped = gzip("zipped");
    ByteArrayOutputStream chunked = new ByteArrayOutputStream();
    chunked.writeBytes(
        (Integer.toHexString(zipped.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
    chunked.writeBytes(zipped);
    chunked.writeBytes("\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    String head = "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked";
    assertThat(ask(HttpMethod.POST, 1, head, chunked.toByteArray()))
        .isEqualTo("200 as it is: zipped");
  }

  @Test
  void answer_toAHead_hasNoBodyWhateverItsLengthSays() throws Exception {
    assertThat(ask(HttpMethod.HEAD, 0, OK + 5, new byte[0])).isEqualTo("200 as it is: ");
    assertThat(ask(HttpMethod.GET, 0, OK + 5, PLAIN)).isEqualTo("200 as it is: plain");
  }

  @Test
  void answer_afterAnInterimOne_isTheFinalOne() throws Exception {
    String heads = "HTTP/1.1 103 Early Hints\r\n\r\n" + OK + 5;
    assertThat(ask(HttpMethod.POST, 1, heads, PLAIN)).isEqualTo("200 as it is: plain");
  }

  @Test
  void request_ofAnySize_arrivesWhole() throws Exception {
    for (int bytes : new int[] {0, 1, 64 * 1024, 64 * 1024 + 1}) {
      assertThat(ask(HttpMethod.POST, bytes, OK + 5, PLAIN)).isEqualTo("200 as it is: plain");
    }
  }
}
