package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Meter;
import io.penstock.providers.Answer;
import io.penstock.providers.Breakpoints;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What goes out and comes back through a client of another dialect. */
class RoundTripTest {
  private static final String CHAT =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

  private static ObjectNode answer(Endpoint client, Dialect provider, String request, String body) {
    Answer answer = Rig.unary(Rig.attempt(client, provider, request, Wish.PLAIN), body);
    String text = answer.body().toString(StandardCharsets.UTF_8);
    answer.body().release();
    return Trees.answer(text);
  }

  private static final String CLAUDE =
      """
      {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[
       {"type":"thinking","thinking":"I need it.","signature":"S1"},
       {"type":"redacted_thinking","data":"R1"},
       {"type":"text","text":"Looking."},
       {"type":"tool_use","id":"toolu_A","name":"weather","input":{"city":"Oslo"}}],
       "stop_reason":"tool_use","stop_sequence":null,
       "usage":{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":20,
        "output_tokens_details":{"thinking_tokens":5}}}\
      """;

  /** As Google's own examples write it; Gemini takes it, so that others behind it must. */
  @Test
  void generate_oneObjectWhereAListMayBe_isAListOfOne() {
    String body =
        """
        {"systemInstruction":{"parts":{"text":"Be brief."}},
         "contents":{"role":"user","parts":{"text":"Hi"}},
         "tools":{"functionDeclarations":{"name":"weather","parameters":{"type":"OBJECT"}}}}
        """;
    JsonNode sent = Rig.sent(Endpoint.GENERATE, Dialect.OPENAI, body, Wish.PLAIN);

    assertThat(sent.path("messages").findValuesAsText("content"))
        .containsExactly("Be brief.", "Hi");
    assertThat(sent.path("tools").findValuesAsText("name")).containsExactly("weather");
  }

  @Test
  void chatClient_claudeToolLoop_bringsEveryThoughtBackInOrder() {
    ObjectNode answer = answer(Endpoint.CHAT, Dialect.ANTHROPIC, CHAT, CLAUDE);
    JsonNode message = answer.path("choices").path(0).path("message");
    assertThat(answer.path("choices").path(0).path("finish_reason").asText())
        .isEqualTo("tool_calls");
    assertThat(answer.path("usage").path("prompt_tokens").asLong()).isEqualTo(100);
    assertThat(answer.path("usage").path("prompt_tokens_details").path("cached_tokens").asLong())
        .isEqualTo(90);

    ObjectNode second = Trees.answer(CHAT);
    second.put("reasoning_effort", "low").put("max_tokens", 4000);
    Trees.arrayIn(second, "messages")
        .add(message)
        .addObject()
        .put("role", "tool")
        .put("tool_call_id", "toolu_A")
        .put("content", "4 degrees");
    Trees.arrayIn(second, "tools")
        .addObject()
        .put("type", "function")
        .putObject("function")
        .put("name", "weather");
    JsonNode sent = Rig.sent(Endpoint.CHAT, Dialect.ANTHROPIC, second.toString(), Wish.PLAIN);

    JsonNode turn = sent.path("messages").path(1).path("content");
    assertThat(turn)
        .isEqualTo(
            Trees.parse(
                """
                [{"type":"thinking","thinking":"I need it.","signature":"S1"},
                 {"type":"redacted_thinking","data":"R1"},
                 {"type":"text","text":"Looking."},
                 {"type":"tool_use","id":"toolu_A","name":"weather","input":{"city":"Oslo"}}]\
                """));
    assertThat(sent.path("thinking").path("type").asText()).isEqualTo("enabled");
  }

  @Test
  void chatClient_thoughtsOfOneProvider_areNeverShownToAnother() {
    JsonNode message =
        answer(Endpoint.CHAT, Dialect.ANTHROPIC, CHAT, CLAUDE)
            .path("choices")
            .path(0)
            .path("message");
    ObjectNode second = Trees.answer(CHAT);
    Trees.arrayIn(second, "messages")
        .add(message)
        .addObject()
        .put("role", "tool")
        .put("tool_call_id", "toolu_A")
        .put("content", "4 degrees");
    Trees.arrayIn(second, "tools")
        .addObject()
        .put("type", "function")
        .putObject("function")
        .put("name", "weather");

    for (Dialect other :
        new Dialect[] {Dialect.OPENAI, Dialect.GEMINI, Dialect.BEDROCK, Dialect.COHERE}) {
      assertThat(Rig.sent(Endpoint.CHAT, other, second.toString(), Wish.PLAIN).toString())
          .doesNotContain("S1")
          .doesNotContain("R1")
          .doesNotContain("I need it.");
    }
  }

  @Test
  void responsesClient_claudeToolLoop_bringsTheThoughtsBack() {
    String request = "{\"model\":\"m\",\"input\":\"Hi\"}";
    ObjectNode answer = answer(Endpoint.RESPONSES, Dialect.ANTHROPIC, request, CLAUDE);
    assertThat(answer.path("output").findValuesAsText("type"))
        .containsSubsequence("reasoning", "reasoning", "message", "function_call");

    ObjectNode second = Trees.object().put("model", "m");
    Trees.arrayIn(second, "input").addObject().put("role", "user").put("content", "Hi");
    answer.path("output").forEach(Trees.arrayIn(second, "input")::add);
    Trees.arrayIn(second, "input")
        .addObject()
        .put("type", "function_call_output")
        .put("call_id", "toolu_A")
        .put("output", "4 degrees");
    JsonNode sent = Rig.sent(Endpoint.RESPONSES, Dialect.ANTHROPIC, second.toString(), Wish.PLAIN);

    assertThat(sent.path("messages").path(1).path("content").findValuesAsText("signature"))
        .containsExactly("S1");
    assertThat(sent.path("messages").path(1).path("content").findValuesAsText("data"))
        .containsExactly("R1");
  }

  @Test
  void messagesClient_geminiSignature_comesBackOnItsCall() {
    String request =
        "{\"model\":\"m\",\"max_tokens\":99,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    ObjectNode answer =
        answer(
            Endpoint.MESSAGES,
            Dialect.GEMINI,
            request,
            """
            {"candidates":[{"content":{"role":"model","parts":[
              {"functionCall":{"name":"weather","args":{"city":"Oslo"}},"thoughtSignature":"c2ln"}]},
              "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"totalTokenCount":7}}\
            """);
    assertThat(answer.path("stop_reason").asText()).isEqualTo("tool_use");
    String id = answer.path("content").path(1).path("id").asText();

    ObjectNode second = Trees.answer(request);
    Trees.arrayIn(second, "messages")
        .addObject()
        .put("role", "assistant")
        .set("content", answer.path("content"));
    Trees.arrayIn(Trees.arrayIn(second, "messages").addObject().put("role", "user"), "content")
        .addObject()
        .put("type", "tool_result")
        .put("tool_use_id", id)
        .put("content", "4");
    JsonNode sent =
        Rig.sent(Endpoint.MESSAGES, Dialect.GEMINI, second.toString(), Wish.model("gemini-3-pro"));

    JsonNode call = sent.path("contents").path(1).path("parts").path(0);
    assertThat(call.path("thoughtSignature").asText()).isEqualTo("c2ln");
    assertThat(
            sent.path("contents")
                .path(2)
                .path("parts")
                .path(0)
                .path("functionResponse")
                .path("name")
                .asText())
        .isEqualTo("weather");
  }

  @Test
  void chatClient_lostThoughtsInAToolLoop_turnThinkingOffInsteadOfFailing() {
    String body =
        """
        {"model":"m","reasoning_effort":"high","messages":[{"role":"user","content":"Hi"},
         {"role":"assistant","tool_calls":[{"id":"a b","type":"function","function":{"name":"w","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"a b","content":"4"}],
         "tools":[{"type":"function","function":{"name":"w"}}]}\
        """;

    var attempt = Rig.attempt(Endpoint.CHAT, Dialect.ANTHROPIC, body, Wish.PLAIN);
    JsonNode sent = Trees.answer(attempt.request().body());

    assertThat(sent.has("thinking")).isFalse();
    assertThat(attempt.dropped()).containsExactly("reasoning_effort");
    String id = sent.path("messages").path(1).path("content").path(0).path("id").asText();
    assertThat(id).matches("[a-zA-Z0-9_-]{1,64}");
    assertThat(sent.path("messages").path(2).path("content").path(0).path("tool_use_id").asText())
        .isEqualTo(id);
  }

  @Test
  void chatClient_toolResultLast_canBeMarkedForTheCache() {
    String body =
        """
        {"model":"m","messages":[{"role":"user","content":"Hi"},
         {"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"w","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"a","content":"4"}],
         "tools":[{"type":"function","function":{"name":"w"}}]}\
        """;
    var call =
        Rig.call(Endpoint.CHAT, Dialect.ANTHROPIC, body, Wish.PLAIN)
            .withBreakpoints(Breakpoints.CONVERSATION);

    byte[] sent =
        Translation.attempt(call, Dialect.ANTHROPIC, new Rig.TestWiring(false)).request().body();

    JsonNode json = Trees.answer(sent);
    assertThat(json.at("/messages/2/content/0/cache_control/type").asText()).isEqualTo("ephemeral");
    assertThat(json.at("/tools/0/cache_control/type").asText()).isEqualTo("ephemeral");
  }

  @Test
  void anyClient_pauseTurnOrMalformedCall_isNoQuietStop() {
    String paused =
        CLAUDE.replace("\"stop_reason\":\"tool_use\"", "\"stop_reason\":\"pause_turn\"");

    assertThatThrownBy(() -> answer(Endpoint.CHAT, Dialect.ANTHROPIC, CHAT, paused))
        .isInstanceOfSatisfying(
            ProviderException.class,
            e -> assertThat(e.failure().kind()).isEqualTo(FailureKind.UNTRANSLATABLE));
    assertThatThrownBy(() ->
            answer(
                Endpoint.CHAT,
                Dialect.GEMINI,
                CHAT,
                "{\"candidates\":[{\"finishReason\":\"MALFORMED_FUNCTION_CALL\"}]}"))
        .isInstanceOf(ProviderException.class);
  }

  @Test
  void stream_errorEventInTheMiddle_failsOnceAfterWhatWasSaid() {
    String events =
        "data:"
            + " {\"id\":\"1\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n"
            + "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"
            + "data: [DONE]\n\n";

    Client client =
        Rig.stream(
            Rig.attempt(
                Endpoint.MESSAGES,
                Dialect.OPENAI,
                "{\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
                Wish.STREAM),
            events.getBytes(StandardCharsets.UTF_8));

    assertThat(client.text()).contains("Hel").doesNotContain("message_stop");
    assertThat(client.settled).isNull();
    assertThat(client.failed).isNotNull();
  }

  @Test
  void generateClient_arraySplit_isOneJsonArray() {
    Wish array = new Wish(true, false, true, null, "");
    Client client =
        Rig.stream(
            Rig.attempt(
                Endpoint.GENERATE,
                Dialect.OPENAI,
                GoldenTest.REQUESTS.getOrDefault(Endpoint.GENERATE, ""),
                array),
            ("data:"
                 + " {\"id\":\"1\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n"
                 + "data: [DONE]\n\n")
                .getBytes(StandardCharsets.UTF_8));

    JsonNode chunks = Trees.parse(client.text());
    assertThat(chunks).isNotNull();
    assertThat(chunks.isArray()).isTrue();
    assertThat(chunks.path(chunks.size() - 1).at("/usageMetadata/penstock/cost_usd").asText())
        .isEqualTo("0.001");
    assertThat(client.settled == null ? -1 : client.settled.usage().of(Meter.INPUT)).isEqualTo(3);
  }

  @Test
  void generateClient_sse_hasDataLinesOnly() {
    Client client =
        Rig.stream(
            Rig.attempt(
                Endpoint.GENERATE,
                Dialect.OPENAI,
                GoldenTest.REQUESTS.getOrDefault(Endpoint.GENERATE, ""),
                Wish.STREAM),
            ("data:"
                 + " {\"id\":\"1\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n"
                 + "data: [DONE]\n\n")
                .getBytes(StandardCharsets.UTF_8));

    // Google's Python SDK takes any other line for the start of a JSON text.
    assertThat(client.text().lines().filter(line -> !line.isEmpty()))
        .allMatch(line -> line.startsWith("data: "));
    assertThat(client.text()).contains("\"penstock\":{\"cost_usd\":\"0.001\"}");
  }

  @Test
  void generateClient_unaryFromClaude_usesGeminisConvention() {
    ObjectNode answer =
        answer(
            Endpoint.GENERATE,
            Dialect.ANTHROPIC,
            "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}",
            CLAUDE);

    assertThat(answer.path("usageMetadata"))
        .isEqualTo(
            Trees.parse(
                "{\"promptTokenCount\":100,\"candidatesTokenCount\":15,\"thoughtsTokenCount\":5,"
                    + "\"cachedContentTokenCount\":90,\"totalTokenCount\":120}"));
    assertThat(answer.path("candidates").path(0).path("finishReason").asText()).isEqualTo("STOP");
  }

  @Test
  void legacyFunctions_answerComesInTheOldShape() {
    String request =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"functions\":[{\"name\":\"weather\"}]}";

    ObjectNode answer = answer(Endpoint.CHAT, Dialect.ANTHROPIC, request, CLAUDE);

    JsonNode choice = answer.path("choices").path(0);
    assertThat(choice.path("finish_reason").asText()).isEqualTo("function_call");
    assertThat(choice.path("message").path("function_call").path("arguments").asText())
        .isEqualTo("{\"city\":\"Oslo\"}");
  }

  @Test
  void legacyFunctions_ofTwoCallsTheFirstIsToldWhole() {
    String request =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"functions\":[{\"name\":\"w\"}]}";

    ObjectNode answer =
        answer(
            Endpoint.CHAT,
            Dialect.ANTHROPIC,
            request,
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[
             {"type":"tool_use","id":"a","name":"w","input":{"city":"Oslo"}},
             {"type":"tool_use","id":"b","name":"v","input":{"city":"Rome"}}],
             "stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}\
            """);

    assertThat(answer.at("/choices/0/message/function_call"))
        .isEqualTo(Trees.parse("{\"name\":\"w\",\"arguments\":\"{\\\"city\\\":\\\"Oslo\\\"}\"}"));
  }
}
