package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Thoughts that went through a client with one field for signatures and opaque data alike. */
class ThoughtsTest {
  private static final String GENERATE =
      "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}";
  private static final String RESPONSES =
      "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

  private static final String CLAUDE =
      """
      {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[
       {"type":"thinking","thinking":"I need both.","signature":"EqQB+first=="},
       {"type":"thinking","thinking":"","signature":"EqQB+omitted=="},
       {"type":"redacted_thinking","data":"b3BhcXVl"},
       {"type":"text","text":"Looking."}],
       "stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":20}}\
      """;

  private static final String THOUGHTS =
      """
      [{"type":"thinking","thinking":"I need both.","signature":"EqQB+first=="},
       {"type":"thinking","thinking":"","signature":"EqQB+omitted=="},
       {"type":"redacted_thinking","data":"b3BhcXVl"},
       {"type":"text","text":"Looking."}]\
      """;

  private static ObjectNode answer(Endpoint client, Dialect provider, String request, String body) {
    var answer = Rig.unary(Rig.attempt(client, provider, request, Wish.PLAIN), body);
    String text = answer.body().toString(StandardCharsets.UTF_8);
    answer.body().release();
    return Trees.answer(text);
  }

  private static JsonNode next(ObjectNode request, String model) {
    Trees.arrayIn(request, "contents")
        .addObject()
        .put("role", "user")
        .putArray("parts")
        .addObject()
        .put("text", "More");
    return Rig.sent(Endpoint.GENERATE, Dialect.ANTHROPIC, request.toString(), Wish.model(model))
        .at("/messages/1/content");
  }

  @Test
  void generateClient_thoughtsOfClaude_areBase64AndComeBack() {
    ObjectNode answer = answer(Endpoint.GENERATE, Dialect.ANTHROPIC, GENERATE, CLAUDE);
    JsonNode content = answer.at("/candidates/0/content");
    for (String signature : content.findValuesAsText("thoughtSignature")) {
      assertThat(new String(Base64.getDecoder().decode(signature), StandardCharsets.UTF_8))
          .contains("penstock.anthropic.");
    }

    ObjectNode second = Trees.answer(GENERATE);
    Trees.arrayIn(second, "contents").add(content);

    assertThat(next(second, "claude-sonnet-4-5")).isEqualTo(Trees.parse(THOUGHTS));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void generateClient_streamedHistory_joinsThePiecesOfAThought(boolean contentEach) {
    String signature = Signatures.base64(Signatures.tag(Dialect.ANTHROPIC, "EqQB?>first=="));
    ArrayNode parts = Trees.array();
    parts.addObject().put("text", "I need ").put("thought", true);
    parts.addObject().put("text", "both.").put("thought", true);
    // Python's SDK writes bytes in the URL's alphabet.
    parts
        .addObject()
        .put("text", "")
        .put("thought", true)
        .put("thoughtSignature", signature.replace('+', '-').replace('/', '_'));
    parts.addObject().put("text", "Looking.");
    ObjectNode second = Trees.answer(GENERATE);
    ArrayNode contents = Trees.arrayIn(second, "contents");
    if (contentEach) {
      parts.forEach(part -> contents.addObject().put("role", "model").putArray("parts").add(part));
    } else {
      contents.addObject().put("role", "model").set("parts", parts);
    }

    assertThat(next(second, "claude-sonnet-4-5"))
        .isEqualTo(
            Trees.parse(
                """
                [{"type":"thinking","thinking":"I need both.","signature":"EqQB?>first=="},
                 {"type":"text","text":"Looking."}]\
                """));
  }

  @Test
  void generateClient_signatureOfGeminiItself_isNotShownToAnother() {
    ObjectNode second = Trees.answer(GENERATE);
    Trees.arrayIn(second, "contents")
        .addObject()
        .put("role", "model")
        .putArray("parts")
        .addObject()
        .put("text", "Looking.")
        .put("thoughtSignature", "c2ln");

    assertThat(next(second, "claude-sonnet-4-5").asText()).isEqualTo("Looking.");
  }

  private static ObjectNode continued(ObjectNode answer) {
    ObjectNode second = Trees.answer(RESPONSES);
    answer.path("output").forEach(Trees.arrayIn(second, "input")::add);
    return second;
  }

  @Test
  void responsesClient_thoughtsOfClaude_comeBackAsWhatTheyWere() {
    ObjectNode second = continued(answer(Endpoint.RESPONSES, Dialect.ANTHROPIC, RESPONSES, CLAUDE));
    Trees.arrayIn(second, "input").addObject().put("role", "user").put("content", "More");

    JsonNode sent = Rig.sent(Endpoint.RESPONSES, Dialect.ANTHROPIC, second.toString(), Wish.PLAIN);

    assertThat(sent.at("/messages/1/content")).isEqualTo(Trees.parse(THOUGHTS));
  }

  @Test
  void responsesClient_signatureOfGeminisCallWithoutASummary_comesBackOnTheCall() {
    ObjectNode second =
        continued(
            answer(
                Endpoint.RESPONSES,
                Dialect.GEMINI,
                RESPONSES,
                """
                {"candidates":[{"content":{"role":"model","parts":[
                  {"functionCall":{"id":"c1","name":"weather","args":{}},"thoughtSignature":"c2ln"}]},
                  "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"totalTokenCount":7}}\
                """));
    Trees.arrayIn(second, "input")
        .addObject()
        .put("type", "function_call_output")
        .put("call_id", "c1")
        .put("output", "4");

    JsonNode sent =
        Rig.sent(Endpoint.RESPONSES, Dialect.GEMINI, second.toString(), Wish.model("gemini-3-pro"));

    assertThat(sent.at("/contents/1/parts/0/thoughtSignature").asText()).isEqualTo("c2ln");
  }
}
