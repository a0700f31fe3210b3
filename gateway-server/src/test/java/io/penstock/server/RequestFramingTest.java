package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests whose end two parsers could see in two places: refused, and what stands behind them is
 * no request, for it may be somebody else's.
 */
@ExtendWith(LeakCheck.class)
class RequestFramingTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String BEHIND = RawClient.post("/v1/chat/completions", CHAT);

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(PROVIDER, "");

  /** In lines and bodies {@code ~} is a carriage return and a line feed, {@code %} the first. */
  private static String request(String version, String lines, String body) {
    return ("POST /v1/chat/completions HTTP/"
            + version
            + "~Host: x~Authorization: Bearer "
            + RunningGateway.KEY
            + "~"
            + lines
            + "~~"
            + body)
        .replace("~", "\r\n")
        .replace("%", "\r");
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "1.1 | Content-Length: 5~Transfer-Encoding: chunked | 0~~",
        "1.1 | Transfer-Encoding: chunked~Content-Length: 5 | 0~~",
        "1.1 | Content-Length: 5~Content-Length: 0 | hello",
        "1.1 | Content-Length: 5, 0 | hello",
        "1.1 | Content-Length: +5 | hello",
        "1.1 | Content-Length: -5 | hello",
        "1.1 | Content-Length: 0x5 | hello",
        "1.1 | Content-Length: | hello",
        "1.1 | Transfer-Encoding: identity | hello",
        "1.1 | Transfer-Encoding: xchunked | 0~~",
        "1.1 | Transfer-Encoding: chunked, identity | 0~~",
        "1.1 | Transfer-Encoding: gzip, chunked | 0~~",
        "1.1 | Transfer-Encoding: chunked~Transfer-Encoding: identity | 0~~",
        "1.1 | Transfer-Encoding : chunked | 0~~",
        "1.0 | Transfer-Encoding: chunked | 0~~",
        "1.1 | X-Fold: a~ Content-Length: 9~Content-Length: 0 | ^^",
        "1.1 | X-Bare: a%Transfer-Encoding: chunked~Content-Length: 0 | ^^",
        "1.1 | Host: y~Content-Length: 0 | ^^",
        "1.1 | no colon at all~Content-Length: 0 | ^^"
      })
  void head_ambiguous_isA400AndTheEndOfTheConnection(String version, String lines, String body)
      throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      client.send(request(version, lines, body) + BEHIND);
      String answer = client.readToEnd();
      assertThat(answer).startsWith("HTTP/1.1 400").contains("invalid_request");
      assertThat(answer.split("HTTP/1\\.1 \\d", -1)).as(answer).hasSize(2);
    }
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void head_foldedBehindEmptyLines_isA400AllTheSame() throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      client.send("\r\n\r\n" + request("1.1", "X-Fold: a~ b~Content-Length: 0", "") + BEHIND);
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 400").contains("invalid_request");
    }
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "zz~hello~0~~",
        "-1~h~0~~",
        "0x5~hello~0~~",
        "5 5~hello~0~~",
        "5~helloXX0~~",
        "~0~~"
      })
  void chunk_bad_isA400AndTheEndOfTheConnection(String body) throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      client.send(request("1.1", "Transfer-Encoding: chunked", body) + BEHIND);
      String answer = client.readToEnd();
      assertThat(answer).startsWith("HTTP/1.1 400");
      assertThat(answer.split("HTTP/1\\.1 \\d", -1)).as(answer).hasSize(2);
    }
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void close_whatStandsBehindIsNotServed() throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post("/v1/chat/completions", CHAT, "Connection: close") + BEHIND);
      String answer = client.readToEnd();
      assertThat(answer).startsWith("HTTP/1.1 200").containsIgnoringCase("connection: close");
      assertThat(answer.split("HTTP/1\\.1 \\d", -1)).as(answer).hasSize(2);
    }
    assertThat(PROVIDER.requests()).hasSize(1);
  }
}
