package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.GatewayException;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers that have no body: what their heads say of one, and that the next answer is read. */
@ExtendWith(LeakCheck.class)
class BodylessAnswersTest {
  private static final int MINUTE_MILLIS = 60_000;
  private static final String NEXT =
      "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nnext";

  private final SlowChannel client = SlowChannel.create();

  @AfterEach
  void end() {
    client.finishAndReleaseAll();
  }

  /** The path is the answer's status, then what it says of its length, then its body. */
  @ParameterizedTest
  @CsvSource({
    "HEAD /200//five5, HTTP/1.1 200 OK, content-length: 5",
    "HEAD /200/7/, HTTP/1.1 200 OK, content-length: 7",
    "HEAD /200//, HTTP/1.1 200 OK,",
    "GET /200//, HTTP/1.1 200 OK, content-length: 0",
    "GET /204//, HTTP/1.1 204 No Content,",
    "GET /204/0/, HTTP/1.1 204 No Content,",
    "GET /304//, HTTP/1.1 304 Not Modified,",
    "GET /304/7/, HTTP/1.1 304 Not Modified, content-length: 7",
    "HEAD /304/7/, HTTP/1.1 304 Not Modified, content-length: 7"
  })
  void head_saysOnlyWhatIsKnownOfABody(String asked, String status, @Nullable String length) {
    serve();
    client.send(asked + " HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send("GET /200//next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.takeAll();

    String head = length == null ? status : status + "\r\n" + length;
    assertThat(client.taken()).isEqualTo(head + "\r\n\r\n" + NEXT);
    assertThat(client.isOpen()).isFalse();
  }

  private void serve() {
    ClientLimits limits =
        new ClientLimits(
            1, 8192, 10_000, MINUTE_MILLIS, MINUTE_MILLIS, MINUTE_MILLIS, Long.MAX_VALUE);
    StrictRequestDecoder decoder = new StrictRequestDecoder(new HttpDecoderConfig());
    client.with(
        decoder,
        new ResponseEncoder(),
        new ClientHandler(client, new Told(), limits, decoder, null));
  }

  /** Answers as the path says. */
  private static final class Told implements RequestSink {
    @Override
    public @Nullable Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
      String[] parts = head.path().split("/", -1);
      HttpHeaders headers = new DefaultHttpHeaders();
      if (!parts[2].isEmpty()) {
        headers.set(HttpHeaderNames.CONTENT_LENGTH, parts[2]);
      }
      ByteBuf body = Unpooled.copiedBuffer(parts[3], StandardCharsets.US_ASCII);
      responder.reply(Integer.parseInt(parts[1]), headers, body);
      return null;
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
      responder.reply(400, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
    }
  }
}
