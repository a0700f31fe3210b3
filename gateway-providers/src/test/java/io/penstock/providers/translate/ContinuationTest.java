package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be gone on with, with what request, and how two streams become one. */
class ContinuationTest {
  private static final String CHAT_HALF =
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Half\"}}]}";
  private static final String START = "{\"type\":\"message_start\",\"message\":{}}";

  private static RequestBody request(String json) {
    return RequestBody.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] sse(String... events) {
    StringBuilder stream = new StringBuilder();
    for (String event : events) {
      stream.append("data: ").append(event).append("\n\n");
    }
    return stream.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String block(int index, String type) {
    return "{\"type\":\"content_block_start\",\"index\":%d,\"content_block\":{\"type\":\"%s\"}}"
        .formatted(index, type);
  }

  private static String text(int index, String text) {
    return "{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}"
        .formatted(index, text);
  }

  private static String stop(int index) {
    return "{\"type\":\"content_block_stop\",\"index\":%d}".formatted(index);
  }

  /** Returns what the client gets for the events of the second stream. */
  private static String joined(Endpoint endpoint, String[] seen, String... events) {
    Joint joint = Joint.of(endpoint);
    for (String event : seen) {
      assertThat(joint.seen(Trees.answer(event))).as(event).isTrue();
    }
    joint.seam(joint.text().stripTrailing().length());
    EventBuffer out = new EventBuffer(UnpooledByteBufAllocator.DEFAULT, false);
    for (String event : events) {
      joint.join(Trees.answer(event), out);
    }
    ByteBuf bytes = out.take();
    if (bytes == null) {
      return "";
    }
    try {
      return bytes.toString(StandardCharsets.UTF_8);
    } finally {
      bytes.release();
    }
  }

  @Test
  void request_hasTheTextLastAndWhatIsLeftOfTheCap() {
    String body =
        "{\"model\":\"m\",\"messages\":[ {\"role\":\"user\",\"content\":\"hi\"}"
            + " ],\"max_completion_tokens\":9,\"x\":1}";
    Continuation from = Continuation.of(Endpoint.CHAT, request(body), sse(CHAT_HALF));
    assertThat(from).isNotNull();
    assertThat(new String(from.request(4).bytes(), StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"model\":\"m\",\"messages\":[ {\"role\":\"user\",\"content\":\"hi\"} ,"
                + "{\"role\":\"assistant\",\"content\":\"Half\"}],\"max_completion_tokens\":4,\"x\":1}");
  }

  @Test
  void request_generate_hasTheModelsTurn() {
    String body =
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}],\"generationConfig\":{\"maxOutputTokens\":9}}";
    String chunk = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Half \\\"an\"}]}}]}";
    Continuation from = Continuation.of(Endpoint.GENERATE, request(body), sse(chunk));
    assertThat(from).isNotNull();
    JsonNode made = Trees.request(from.request(5));
    assertThat(made.at("/contents/1/role").asText()).isEqualTo("model");
    assertThat(made.at("/contents/1/parts/0/text").asText()).isEqualTo("Half \"an");
    assertThat(made.at("/generationConfig/maxOutputTokens").asInt()).isEqualTo(5);

    String snake =
        body.replace("generationConfig", "generation_config")
            .replace("maxOutputTokens", "max_output_tokens");
    Continuation again = Continuation.of(Endpoint.GENERATE, request(snake), sse(chunk));
    assertThat(again).isNotNull();
    assertThat(Trees.request(again.request(5)).path("generation_config"))
        .hasToString("{\"maxOutputTokens\":5}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"n\":2",
        "\"response_format\":{\"type\":\"json_schema\"}",
        "\"reasoning_effort\":\"high\"",
        "\"logprobs\":true",
      })
  void chatRequest_notForPlainText_isNotGoneOnWith(String field) {
    RequestBody body = request("{\"messages\":[]," + field + "}");
    assertThat(Continuation.of(Endpoint.CHAT, body, sse(CHAT_HALF))).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048}",
        "\"output_config\":{\"format\":{\"type\":\"json_schema\"}}",
      })
  void messagesRequest_notForPlainText_isNotGoneOnWith(String field) {
    RequestBody body = request("{\"messages\":[]," + field + "}");
    byte[] seen = sse(START, block(0, "text"), text(0, "Half"));
    assertThat(Continuation.of(Endpoint.MESSAGES, body, seen)).isNull();
    assertThat(Continuation.of(Endpoint.MESSAGES, request("{\"messages\":[]}"), seen)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}",
        "{\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"no\"}}]}",
        "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
        "{\"error\":{\"message\":\"m\"}}",
      })
  void chatStream_notPlainText_isNotGoneOnWith(String event) {
    RequestBody body = request("{\"messages\":[]}");
    assertThat(Continuation.of(Endpoint.CHAT, body, sse(CHAT_HALF, event))).isNull();
  }

  @Test
  void endpointsWithoutAJoint_areNotGoneOnWith() {
    assertThat(Continuation.of(Endpoint.RESPONSES, request("{}"), sse(CHAT_HALF))).isNull();
    assertThat(Continuation.of(Endpoint.COMPLETIONS, request("{}"), sse(CHAT_HALF))).isNull();
  }

  @Test
  void messages_toolAfterTheText_closesTheOpenBlockAndCountsOn() {
    String[] seen = {START, block(0, "text"), text(0, "Half")};
    String joined =
        joined(
            Endpoint.MESSAGES,
            seen,
            START,
            block(0, "tool_use"),
            stop(0),
            "{\"type\":\"message_stop\"}");
    assertThat(joined)
        .containsSubsequence(
            "\"type\":\"content_block_stop\",\"index\":0",
            "\"index\":1,\"content_block\":{\"type\":\"tool_use\"}",
            "\"type\":\"content_block_stop\",\"index\":1",
            "message_stop")
        .doesNotContain("message_start");
  }

  @Test
  void messages_textThenTool_goesOnInTheOpenBlock() {
    String[] seen = {START, block(0, "text"), text(0, "Half")};
    String joined =
        joined(
            Endpoint.MESSAGES,
            seen,
            START,
            block(0, "text"),
            text(0, "way"),
            stop(0),
            block(1, "tool_use"),
            stop(1));
    assertThat(joined.indexOf("content_block_start")).isGreaterThan(joined.indexOf("way"));
    assertThat(joined).contains("\"index\":1,\"content_block\"");
  }

  @Test
  void messages_nothingMore_closesTheOpenBlock() {
    String[] seen = {START, block(0, "text"), text(0, "Half")};
    String end = "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}";
    assertThat(joined(Endpoint.MESSAGES, seen, START, end))
        .containsSubsequence("content_block_stop", "message_delta");
  }

  @Test
  void messages_cutBetweenBlocks_beginsTheNext() {
    String[] seen = {START, block(0, "text"), text(0, "Half"), stop(0)};
    assertThat(joined(Endpoint.MESSAGES, seen, START, block(0, "text"), text(0, "x"), stop(0)))
        .containsSubsequence("content_block_start\",\"index\":1", "\"index\":1,\"delta\"")
        .doesNotContain("\"index\":0");
  }

  @ParameterizedTest
  @CsvSource({
    "'Half ',' an',an",
    "'Half ',an,an",
    "'Half\n\n','\n\nan',an",
    "'Half\n','\n\nan','\n\nan'"
  })
  void whiteSpaceThatIsMadeAgain_isThereOnce(String before, String piece, String fresh) {
    Joint joint = Joint.of(Endpoint.CHAT);
    joint.add(before);
    joint.seam(before.stripTrailing().length());
    // The client has one line feed of the last case already.
    String expected = before.endsWith("f\n") ? fresh.substring(1) : fresh;
    assertThat(joint.fresh(piece)).isEqualTo(expected);
    assertThat(joint.fresh(" more")).isEqualTo(" more");
  }

  @Test
  void generate_keepsTheIdOfTheAnswer() {
    String[] seen = {
      "{\"responseId\":\"r1\",\"modelVersion\":\"m1\",\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Half\"}]}}]}"
    };
    ObjectNode chunk =
        Trees.answer(
            "{\"responseId\":\"r2\",\"modelVersion\":\"m2\",\"candidates\":[{\"content\":{\"parts\":"
                + "[{\"text\":\"way\"}]},\"finishReason\":\"STOP\"}]}");
    assertThat(joined(Endpoint.GENERATE, seen, Trees.string(chunk)))
        .contains("\"responseId\":\"r1\"", "\"modelVersion\":\"m1\"", "way", "STOP")
        .doesNotContain("r2");
  }
}
