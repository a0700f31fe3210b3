package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.HttpMethod;
import io.penstock.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a provider answers, byte by byte, and what is heard of it; on one connection if it may. */
@ExtendWith(LeakCheck.class)
class UpstreamAnswersTest {
  private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: ";
  private static final byte[] PLAIN = {'p', 'l', 'a', 'i', 'n'};
  private static final String CUT =
      "failed, CUT, the connection was closed in the middle of an answer";

  private RawProvider provider;

  @BeforeEach
  void listen() throws IOException {
    provider = new RawProvider(Transport.NIO);
  }

  @AfterEach
  void close() throws Exception {
    provider.close();
  }

  /** Sends a request and returns who hears of it, once the provider has it. */
  private RawProvider.Heard asked(HttpMethod method, int bodyBytes) throws Exception {
    RawProvider.Heard heard = provider.send(method, bodyBytes);
    provider.readHead(method, bodyBytes);
    provider.readBody(bodyBytes);
    return heard;
  }

  private String ask(HttpMethod method, int bodyBytes, String head, byte[] body) throws Exception {
    RawProvider.Heard heard = asked(method, bodyBytes);
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    answer.writeBytes((head + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    answer.writeBytes(body);
    provider.say(answer.toByteArray());
    return heard.all();
  }

  private void isAnsweredPlainly() throws Exception {
    assertThat(ask(HttpMethod.POST, 1, OK + 5, PLAIN)).isEqualTo("200 as it is: plain");
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

  @Test
  void answer_framedByTheEndOfItsConnection_isWholeThen() throws Exception {
    RawProvider.Heard heard = asked(HttpMethod.POST, 1);
    provider.say("HTTP/1.1 200 OK\r\n\r\nplain");
    heard.awaitWords("plain");
    provider.hangUp();
    assertThat(heard.all()).isEqualTo("200 as it is: plain");
    isAnsweredPlainly();
  }

  @Test
  void answer_framedByTheEndOfItsConnection_isCutByAReset() throws Exception {
    RawProvider.Heard heard = asked(HttpMethod.POST, 1);
    provider.say("HTTP/1.1 200 OK\r\n\r\npla");
    heard.awaitWords("pla");
    provider.reset();
    assertThat(heard.all()).isEqualTo("200 as it is: pla" + CUT);
    isAnsweredPlainly();
  }

  @ParameterizedTest
  @CsvSource({
    "content-length: 5, false",
    "content-length: 5, true",
    "transfer-encoding: chunked, false",
    "transfer-encoding: chunked, true"
  })
  void answer_whoseConnectionEndsInItsMiddle_isCut(String framing, boolean reset) throws Exception {
    RawProvider.Heard heard = asked(HttpMethod.POST, 1);
    String chunk = framing.endsWith("chunked") ? "3\r\npla\r\n" : "pla";
    provider.say("HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n" + chunk);
    heard.awaitWords("pla");
    if (reset) {
      provider.reset();
    } else {
      provider.hangUp();
    }
    assertThat(heard.all()).isEqualTo("200 as it is: pla" + CUT);
    isAnsweredPlainly();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\r\ncontent-length: 0", "\r\ncontent-length: 5"})
  void answer_whoseStatusHasNoBody_hasNoneWhateverItsLengthSays(String length) throws Exception {
    for (String status : new String[] {"204 No Content", "304 Not Modified"}) {
      assertThat(ask(HttpMethod.GET, 0, "HTTP/1.1 " + status + length, new byte[0]))
          .isEqualTo(status.substring(0, 3) + " as it is: ");
    }
    isAnsweredPlainly();
    assertThat(provider.connections()).isOne();
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.0 200 OK", "HTTP/1.1 200 OK\r\nconnection: close"})
  void answer_thatIsItsConnectionsLast_isFollowedByOneOnAnother(String head) throws Exception {
    assertThat(ask(HttpMethod.POST, 1, head + "\r\ncontent-length: 5", PLAIN))
        .isEqualTo("200 as it is: plain");
    provider.awaitGivenUp();
    isAnsweredPlainly();
  }

  @Test
  void answer_afterSeveralInterimOnes_isTheFinalOne() throws Exception {
    String heads =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
            + "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
            + OK
            + 5;
    assertThat(ask(HttpMethod.POST, 1, heads, PLAIN)).isEqualTo("200 as it is: plain");
    isAnsweredPlainly();
    assertThat(provider.connections()).isOne();
  }

  @Test
  void answer_thatSwitchesProtocols_isNone() throws Exception {
    String head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: own\r\nconnection: upgrade";
    assertThat(ask(HttpMethod.POST, 1, head, PLAIN)).startsWith("failed, MALFORMED, ");
    provider.awaitGivenUp();
    isAnsweredPlainly();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-half: ",
        "no line end",
        "\r\n"
      })
  void bytesBehindAnAnswer_answerNothing(String extra) throws Exception {
    RawProvider.Heard heard = asked(HttpMethod.POST, 1);
    provider.say(OK + "5\r\n\r\nplain" + extra);
    assertThat(heard.all()).isEqualTo("200 as it is: plain");
    provider.awaitGivenUp();
    isAnsweredPlainly();

    provider.say(extra);
    provider.awaitGivenUp();
    isAnsweredPlainly();
  }

  @Test
  void answer_beforeItsRequestIsWritten_isHeard_andTheNextIsOnAnotherConnection() throws Exception {
    int large = 16 << 20;
    RawProvider.Heard heard = provider.send(HttpMethod.POST, large);
    provider.readHead(HttpMethod.POST, large);
    provider.say("HTTP/1.1 413 Content Too Large\r\ncontent-length: 5\r\n\r\nplain");
    assertThat(heard.all()).isEqualTo("413 as it is: plain");
    provider.awaitGivenUp();
    isAnsweredPlainly();
  }

  @ParameterizedTest
  @EnumSource
  void answer_beforeItsRequestIsWritten_thenAReset_isHeard(Transport transport) throws Exception {
    provider.close();
    provider = new RawProvider(transport);
    int large = 16 << 20;
    RawProvider.Heard heard = provider.send(HttpMethod.POST, large);
    provider.readHead(HttpMethod.POST, large);
    provider.unseen(() -> {
      provider.say(
          "HTTP/1.1 413 Content Too Large\r\ncontent-length: 5\r\nconnection: close\r\n\r\nplain");
      // With so much unread, this is a reset.
      provider.hangUp();
      return null;
    });
    assertThat(heard.all()).isEqualTo("413 as it is: plain");
    isAnsweredPlainly();
  }
}
