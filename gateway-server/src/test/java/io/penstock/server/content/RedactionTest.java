package io.penstock.server.content;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Endpoint;
import io.penstock.ledger.Content;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {
  private static final UUID ID = new UUID(1, 2);

  private static String text(String text, String... patterns) {
    return new Redactor(List.of(patterns)).with(List.of(), "").redact(text);
  }

  private static Content of(String request, String response, int limit) {
    return of(request, response, limit, "application/json", true);
  }

  private static Content of(
      String request, String response, int limit, String type, boolean whole) {
    byte[] answer = response.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream copy = new ByteArrayOutputStream();
    copy.writeBytes(answer);
    return new Redaction(limit, List.of("ACME-\\d{4}"))
        .of(
            new Recording.Asked(
                ID,
                Endpoint.CHAT,
                "multipart/form-data; boundary=x",
                request.getBytes(StandardCharsets.UTF_8),
                "the-clients-own-key"),
            new Recording.Answered(type, copy, answer.length, !type.contains("json"), whole),
            List.of("upstream-secret"));
  }

  private static String request(Content content) {
    return new String(content.request(), StandardCharsets.UTF_8);
  }

  private static String response(Content content) {
    return new String(content.response(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          write to ada.lovelace+x@mail.example.org now | write to [e-mail] now
          my card is 4111 1111 1111 1111, thanks       | my card is [card], thanks
          card 4111-1111-1111-1111.                    | card [card].
          use sk-ant-REDACTED here           | use [key] here
          pk-help-desk-example                         | [key]
          AKIAIOSFODNN7EXAMPLE                         | [key]
          token ghp_0123456789abcdefghijABCDEFGHIJ     | token [key]
          Authorization: Bearer abc123def456ghi789     | Authorization: Bearer [token]
          password: hunter22 and more                  | password: [secret] and more
          {"api_key": "0123456789"}                    | {"api_key": "[secret]"}
          {\\"password\\":\\"hunter22\\"}              | {\\"password\\":\\"[secret]\\"}
          eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc | [token]
          a -----BEGIN RSA PRIVATE KEY-----MIIE-----END RSA PRIVATE KEY----- b | a [private key] b
          a -----BEGIN PRIVATE KEY-----MIIEowIB        | a [private key]
          """)
  void text_secretOrPersonal_isReplaced(String text, String expected) {
    assertThat(text(text.replace("\\\\", "\\"))).isEqualTo(expected.replace("\\\\", "\\"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "the basic understanding-of-everything is a task-management question",
        "order 4111 1111 1111 1112 has no check digit",
        "a number 1234567890 and 3.14159265358979323846",
        "call me @ noon; x@y",
        "bearer of the burdensome-responsibility",
        "secret: why"
      })
  void text_ordinary_staysAsItIs(String text) {
    assertThat(text(text)).isEqualTo(text);
  }

  @Test
  void text_ownPatternAndDollar_areTakenLiterally() {
    assertThat(text("ticket ACME-1234 costs $1", "ACME-\\d{4}"))
        .isEqualTo("ticket [redacted] costs $1");
    assertThat(text("password=$1abc")).isEqualTo("password=[secret]");
  }

  @Test
  void json_textsNamesAndNumbers_areRedactedAndTheRestIsKept() {
    Content kept =
        of(
            "{\"model\":\"m\",\"n\":1.50,\"messages\":[{\"content\":\"a@b.example ACME-1234\"}],"
                + "\"password\":\"short\",\"x@y.example\":null,\"card\":4111111111111111,"
                + "\"image\":\"data:image/png;base64,AAAA\",\"user\":\"the-clients-own-key\","
                + "\"also\":\"upstream-secret\"}",
            "{\"ok\":true}",
            10_000);
    assertThat(request(kept))
        .isEqualTo(
            "{\"model\":\"m\",\"n\":1.50,\"messages\":[{\"content\":\"[e-mail] [redacted]\"}],"
                + "\"password\":\"[secret]\",\"[e-mail]\":null,\"card\":\"[card]\","
                + "\"image\":\"[binary, 26 characters]\",\"user\":\"[secret]\","
                + "\"also\":\"[secret]\"}");
    assertThat(response(kept)).isEqualTo("{\"ok\":true}");
    assertThat(kept.responseBytes()).isEqualTo(11);
  }

  @Test
  void json_beyondTheLimit_isCutAndStillJson() {
    String request = "{\"a\":[{\"b\":\"" + "word ".repeat(100) + "\",\"c\":1},2],\"d\":3}";
    Content kept = of(request, "{\"a\":{\"b\":\"broken o", 60);
    assertThat(request(kept)).startsWith("{\"a\":[{\"b\":\"word ").endsWith("[cut]\"}]}");
    assertThat(kept.requestBytes()).isEqualTo(request.length());
    assertThat(response(kept)).isEqualTo("{\"a\":{}}");
  }

  @Test
  void others_areNamedNotKept() {
    Content kept = of("--x\r\nsecret audio", "ID3 sound", 1000, "audio/mpeg", true);
    assertThat(request(kept)).isEqualTo("\"[multipart/form-data, 17 bytes]\"");
    assertThat(response(kept)).isEqualTo("\"[audio/mpeg, 9 bytes]\"");
    assertThat(response(of("{}", "", 1000))).isEqualTo("\"\"");
  }

  @Test
  void stream_secretAcrossEvents_isRedactedInTheWholeAnswer() {
    String stream = event("write to ada@exa") + event("mple.org") + finish() + "data: [DONE]\n\n";
    String kept = response(of("{}", stream, 1000, "text/event-stream", true));
    assertThat(kept).contains("\"write to [e-mail]\"").doesNotContain("ada@");
    assertThat(response(of("{}", event("ada@exa"), 1000, "text/event-stream", false)))
        .isEqualTo("\"[a stream that is not whole, " + event("ada@exa").length() + " bytes]\"");
  }

  private static String event(String text) {
    return "data:"
        + " {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
        + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
        + text
        + "\"},\"finish_reason\":null}]}\n\n";
  }

  private static String finish() {
    return "data:"
               + " {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
  }
}
