package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Attempt;
import io.penstock.providers.Target;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

  private static final String MESSAGES =
      "{\"model\":\"m\",\"max_tokens\":99,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

  /** DeepSeek and Kimi: a turn that calls a tool is refused without the thought that led to it. */
  private static final String DEEPSEEK =
      """
      data: {"id":"1","model":"d","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"I need "}}]}

      data: {"id":"1","model":"d","choices":[{"index":0,"delta":{"reasoning_content":"the weather."}}]}

      data: {"id":"1","model":"d","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"w","arguments":"{}"}}]}}]}

      data: {"id":"1","model":"d","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}

      data: [DONE]

      """;

  /** Returns the next request of that client after the tool answered, for that provider. */
  private static JsonNode secondTurn(Endpoint client, Map<String, String> options) {
    String first =
        switch (client) {
          case MESSAGES -> MESSAGES;
          case RESPONSES -> RESPONSES;
          default -> GENERATE;
        };
    String stream = Rig.stream(attempt(client, first, options), utf8(DEEPSEEK)).text();
    ObjectNode answer = whole(client, stream);
    ObjectNode second = Trees.answer(first);
    switch (client) {
      case MESSAGES -> {
        ArrayNode messages = Trees.arrayIn(second, "messages");
        messages.addObject().put("role", "assistant").set("content", answer.path("content"));
        ObjectNode result =
            messages.addObject().put("role", "user").putArray("content").addObject();
        result.put("type", "tool_result").put("tool_use_id", "c1").put("content", "4");
      }
      case RESPONSES -> {
        answer.path("output").forEach(Trees.arrayIn(second, "input")::add);
        ObjectNode result = Trees.arrayIn(second, "input").addObject();
        result.put("type", "function_call_output").put("call_id", "c1").put("output", "4");
      }
      default -> {
        ArrayNode contents = Trees.arrayIn(second, "contents");
        contents.add(answer.at("/candidates/0/content"));
        ObjectNode part = contents.addObject().put("role", "user").putArray("parts").addObject();
        ObjectNode result = part.putObject("functionResponse").put("id", "c1").put("name", "w");
        result.putObject("response").put("result", "4");
      }
    }
    return Trees.answer(attempt(client, second.toString(), options).request().body());
  }

  private static Attempt attempt(Endpoint client, String body, Map<String, String> options) {
    Target target = new Target("main", Dialect.OPENAI, "deepseek-chat", "", options);
    return Translation.attempt(
        Rig.call(client, body, Wish.STREAM, target), Dialect.OPENAI, new Rig.TestWiring(false));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the unary answer that a client's stream amounts to. */
  private static ObjectNode whole(Endpoint client, String stream) {
    return Trees.answer(Objects.requireNonNull(Replay.aggregate(client, utf8(stream))));
  }

  @ParameterizedTest
  @EnumSource(names = {"MESSAGES", "RESPONSES", "GENERATE"})
  void openAiThought_beforeACall_comesBackToProvidersThatWantIt(Endpoint client) {
    JsonNode message = secondTurn(client, Map.of("reasoning_content", "on")).at("/messages/1");

    assertThat(message.path("tool_calls").path(0).path("id").asText()).isEqualTo("c1");
    assertThat(message.path("reasoning_content").asText()).isEqualTo("I need the weather.");
  }

  @ParameterizedTest
  @EnumSource(names = {"MESSAGES", "RESPONSES", "GENERATE"})
  void openAiThought_isShownToNobodyElse(Endpoint client) {
    assertThat(secondTurn(client, Map.of()).toString()).doesNotContain("I need", "reasoning");
  }

  @Test
  void thoughtOfClaude_isNotShownToAProviderThatWantsItsOwn() {
    ObjectNode second = continued(answer(Endpoint.RESPONSES, Dialect.ANTHROPIC, RESPONSES, CLAUDE));
    ArrayNode input = Trees.arrayIn(second, "input");
    input.addObject().put("type", "function_call").put("call_id", "c1").put("name", "w");
    input.addObject().put("type", "function_call_output").put("call_id", "c1").put("output", "4");

    Attempt attempt =
        attempt(Endpoint.RESPONSES, second.toString(), Map.of("reasoning_content", "on"));

    assertThat(new String(attempt.request().body(), StandardCharsets.UTF_8))
        .doesNotContain("I need both.", "reasoning_content");
  }

  @Test
  void responsesClient_unsignedThoughtsOfAnyProvider_areTagged() {
    ObjectNode gemini =
        answer(
            Endpoint.RESPONSES,
            Dialect.GEMINI,
            RESPONSES,
            """
            {"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},
              {"text":"A"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"totalTokenCount":7}}\
            """);
    ObjectNode bedrock =
        answer(
            Endpoint.RESPONSES,
            Dialect.BEDROCK,
            RESPONSES,
            """
            {"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm"}}},
              {"text":"A"}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}\
            """);

    assertThat(gemini.at("/output/0/encrypted_content").asText()).isEqualTo("penstock.gemini.");
    assertThat(bedrock.at("/output/0/encrypted_content").asText()).isEqualTo("penstock.bedrock.");
    for (ObjectNode answer : new ObjectNode[] {gemini, bedrock}) {
      ObjectNode second = continued(answer);
      Trees.arrayIn(second, "input").addObject().put("role", "user").put("content", "More");
      for (Dialect to : new Dialect[] {Dialect.GEMINI, Dialect.BEDROCK, Dialect.ANTHROPIC}) {
        assertThat(Rig.sent(Endpoint.RESPONSES, to, second.toString(), Wish.PLAIN).toString())
            .doesNotContain("penstock", "hm", "thoughtSignature");
      }
    }
  }

  @Test
  void messagesClient_unsignedThoughtOnBedrock_isTagged() {
    ObjectNode answer =
        answer(
            Endpoint.MESSAGES,
            Dialect.BEDROCK,
            MESSAGES,
            """
            {"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm"}}},
              {"text":"A"}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}\
            """);

    assertThat(answer.at("/content/0/signature").asText()).isEqualTo("penstock.bedrock.");
  }

  @Test
  void responsesClient_textBetweenThePiecesOfACall_leavesItIncomplete() {
    String stream =
        """
        data: {"id":"1","model":"d","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"rm","arguments":"{\\"path\\":\\"/tmp"}}]}}]}

        data: {"id":"1","model":"d","choices":[{"index":0,"delta":{"content":"So"}}]}

        """;

    String got = Rig.stream(attempt(Endpoint.RESPONSES, RESPONSES, Map.of()), utf8(stream)).text();

    assertThat(got)
        .contains("\"status\":\"incomplete\",\"call_id\":\"c1\"")
        .doesNotContain("function_call_arguments.done")
        .doesNotContain("\"status\":\"completed\",\"call_id\"");
  }
}
