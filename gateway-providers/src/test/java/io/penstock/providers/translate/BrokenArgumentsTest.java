package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Answer;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls whose arguments are not the JSON of an object end as if the cap had cut them. */
class BrokenArgumentsTest {
  private static final String MESSAGES =
      "{\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String GENERATE =
      "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}";
  private static final String INPUT = "{\"input\":\"hi\"}";
  private static final String ANSWER =
      "{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"tool_calls\","
          + "\"%s\":{\"role\":\"assistant\",\"content\":\"I call\",\"tool_calls\":["
          + "{\"index\":0,\"id\":\"t\",\"type\":\"function\",\"function\":{\"name\":\"f\","
          + "\"arguments\":%s}},{\"index\":1,\"id\":\"u\",\"type\":\"function\",\"function\":"
          + "{\"name\":\"g\",\"arguments\":\"{}\"}}]}}],"
          + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}";

  private static ObjectNode whole(Endpoint client, String request, String arguments) {
    Answer answer =
        Rig.unary(
            Rig.attempt(client, Dialect.OPENAI, request, Wish.PLAIN),
            ANSWER.formatted("message", Trees.string(Trees.array().add(arguments).get(0))));
    String body = answer.body().toString(StandardCharsets.UTF_8);
    answer.body().release();
    return Trees.answer(body);
  }

  private static String streamed(Endpoint client, String request, String arguments) {
    String chunk = ANSWER.formatted("delta", Trees.string(Trees.array().add(arguments).get(0)));
    Client told =
        Rig.stream(
            Rig.attempt(client, Dialect.OPENAI, request, Wish.STREAM),
            ("data: " + chunk + "\n\ndata: [DONE]\n\n").getBytes(StandardCharsets.UTF_8));
    assertThat(told.failed).isNull();
    return told.text();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":", "[1]", "7", "hello"})
  void messagesClient_theCallIsLeftOut_orAsItCame(String arguments) {
    ObjectNode whole = whole(Endpoint.MESSAGES, MESSAGES, arguments);

    assertThat(whole.path("stop_reason").asText()).isEqualTo("max_tokens");
    assertThat(whole.path("content").toString())
        .contains("I call", "\"name\":\"g\"")
        .doesNotContain("\"name\":\"f\"");
    assertThat(streamed(Endpoint.MESSAGES, MESSAGES, arguments))
        .contains("\"name\":\"f\"", "\"name\":\"g\"", "\"stop_reason\":\"max_tokens\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", " ", "", " null\n"})
  void noArguments_areAnEmptyObject(String arguments) {
    ObjectNode message = whole(Endpoint.MESSAGES, MESSAGES, arguments);
    ObjectNode content = whole(Endpoint.GENERATE, GENERATE, arguments);

    assertThat(message.path("stop_reason").asText()).isEqualTo("tool_use");
    assertThat(message.at("/content/1/name").asText()).isEqualTo("f");
    assertThat(message.at("/content/1/input")).isEqualTo(Trees.object());
    assertThat(streamed(Endpoint.MESSAGES, MESSAGES, arguments))
        .contains("\"stop_reason\":\"tool_use\"");
    assertThat(content.at("/candidates/0/finishReason").asText()).isEqualTo("STOP");
    assertThat(content.at("/candidates/0/content/parts/1/functionCall/args"))
        .isEqualTo(Trees.object());
    assertThat(streamed(Endpoint.GENERATE, GENERATE, arguments))
        .contains("\"name\":\"f\",\"args\":{}", "\"finishReason\":\"STOP\"");
    assertThat(whole(Endpoint.RESPONSES, INPUT, arguments).findValuesAsText("status"))
        .containsOnly("completed");
  }

  @Test
  void brokenWithin_theWholeMessageSaysSo() {
    ObjectNode whole = whole(Endpoint.MESSAGES, MESSAGES, "{\"a\":}");

    assertThat(whole.path("stop_reason").asText()).isEqualTo("max_tokens");
    assertThat(whole.path("content").toString()).doesNotContain("\"name\":\"f\"");
  }

  private static boolean isBrokenInPieces(String arguments) {
    ArgumentsScan scan = new ArgumentsScan();
    scan.reset();
    arguments.chars().forEach(c -> scan.read(String.valueOf((char) c)));
    return scan.isBroken();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":\"}\"", "{}{}", "{\"a\":\"\\\\\"}]"})
  void brokenObject_isSeenInPieces(String arguments) {
    assertThat(isBrokenInPieces(arguments)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", " {\"a\":\"}\\\"\"} ", "{\"a\":[{}]}", "null", "", "\n"})
  void wholeObject_isSeenInPieces(String arguments) {
    assertThat(isBrokenInPieces(arguments)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":", "[1]", "7", "hello"})
  void geminiClient_theCallIsLeftOut(String arguments) {
    ObjectNode whole = whole(Endpoint.GENERATE, GENERATE, arguments);

    assertThat(whole.at("/candidates/0/finishReason").asText()).isEqualTo("MAX_TOKENS");
    assertThat(whole.at("/candidates/0/content").toString())
        .contains("I call", "\"name\":\"g\"")
        .doesNotContain("\"name\":\"f\"");
    assertThat(streamed(Endpoint.GENERATE, GENERATE, arguments))
        .contains("I call", "\"name\":\"g\"", "\"finishReason\":\"MAX_TOKENS\"")
        .doesNotContain("\"name\":\"f\"");
  }
}
