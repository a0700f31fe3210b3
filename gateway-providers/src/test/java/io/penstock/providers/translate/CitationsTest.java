package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Where citations lie in streamed answers, whose pieces are mostly not read in full. */
class CitationsTest {
  private static final String CITATION =
      "{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":{\"type\":\"citations_delta\","
          + "\"citation\":{\"type\":\"web_search_result_location\",\"url\":\"https://e.org\","
          + "\"title\":\"E\",\"cited_text\":\"q\"}}}";

  private static JsonNode streamed(Endpoint client, Dialect provider, String... events) {
    StringBuilder stream = new StringBuilder();
    for (String event : events) {
      stream.append("data: ").append(event).append("\n\n");
    }
    var got =
        Rig.stream(
            Rig.attempt(
                client, provider, GoldenTest.REQUESTS.getOrDefault(client, ""), Wish.STREAM),
            stream.toString().getBytes(StandardCharsets.UTF_8));
    assertThat(got.failed).isNull();
    ArrayNode all = Trees.array();
    for (String line : got.text().split("\n")) {
      if (line.startsWith("data: {")) {
        all.add(Trees.answer(line.substring(6)));
      }
    }
    return all;
  }

  private static String gemini(String text, boolean thought, String more) {
    return "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\""
        + text
        + "\""
        + (thought ? ",\"thought\":true" : "")
        + "}]}"
        + more
        + "}],\"responseId\":\"r\",\"modelVersion\":\"g\"}";
  }

  @Test
  void gemini_thoughtsAreNoText() {
    JsonNode events =
        streamed(
            Endpoint.CHAT,
            Dialect.GEMINI,
            gemini("hm", true, ""),
            gemini("well", true, ""),
            gemini("so", true, ""),
            gemini("One", false, ""),
            gemini(" é", false, ""),
            gemini(" fact", false, ""),
            gemini(
                ".",
                false,
                ",\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"https://e.org\","
                    + "\"title\":\"E\"}}],\"groundingSupports\":[{\"segment\":{\"startIndex\":7,"
                    + "\"endIndex\":11},\"groundingChunkIndices\":[0]}]},\"finishReason\":\"STOP\""));

    JsonNode cited = events.findValue("url_citation");
    assertThat(cited.path("start_index").asInt()).isEqualTo(6);
    assertThat(cited.path("end_index").asInt()).isEqualTo(10);
  }

  private static String delta(int block, String text) {
    return "{\"type\":\"content_block_delta\",\"index\":"
        + block
        + ",\"delta\":{\"type\":\"text_delta\",\"text\":\""
        + text
        + "\"}}";
  }

  private static String start(int block, String content) {
    return "{\"type\":\"content_block_start\",\"index\":"
        + block
        + ",\"content_block\":"
        + content
        + "}";
  }

  private static String stop(int block) {
    return "{\"type\":\"content_block_stop\",\"index\":" + block + "}";
  }

  /** The second and third block rest on a source, told before the text and in its midst. */
  private static JsonNode claude(Endpoint client) {
    String text = "{\"type\":\"text\",\"text\":\"\"}";
    return streamed(
        client,
        Dialect.ANTHROPIC,
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"c\",\"usage\":{}}}",
        start(0, text),
        delta(0, "By"),
        delta(0, " é"),
        delta(0, " law "),
        stop(0),
        start(1, text),
        CITATION.formatted(1),
        delta(1, "it"),
        delta(1, " is"),
        delta(1, " so"),
        stop(1),
        start(2, "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}"),
        stop(2),
        start(3, text),
        delta(3, "And"),
        CITATION.formatted(3),
        delta(3, " so"),
        delta(3, " on"),
        stop(3),
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{}}",
        "{\"type\":\"message_stop\"}");
  }

  @Test
  void anthropic_aCitationIsOfItsBlock_whereverItComes() {
    JsonNode events = claude(Endpoint.CHAT);

    assertThat(events.findValues("url_citation"))
        .extracting(
            cited -> cited.path("start_index").asInt() + "-" + cited.path("end_index").asInt())
        .containsExactly("9-17", "17-26");
  }

  @Test
  void responses_placesAreThoseOfThePart() {
    JsonNode events = claude(Endpoint.RESPONSES);

    assertThat(events.findValues("annotation"))
        .extracting(
            cited -> cited.path("start_index").asInt() + "-" + cited.path("end_index").asInt())
        .containsExactly("9-17", "0-9");
  }
}
