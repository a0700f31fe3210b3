package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parallel calls whose pieces come by turns. */
class CallOrderTest {
  private static final String END =
      "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}],"
          + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";

  private static String call(int index, String more) {
    return "{\"index\":" + index + "," + more + "}";
  }

  private static String begin(int index, String id, String arguments) {
    return call(
        index,
        "\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":\"f%s\",\"arguments\":\"%s\"}"
            .formatted(id, id, arguments));
  }

  private static String more(int index, String arguments) {
    return call(index, "\"function\":{\"arguments\":\"%s\"}".formatted(arguments));
  }

  private static String event(String... calls) {
    return "data:"
        + " {\"id\":\"1\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":["
        + String.join(",", calls)
        + "]}}]}\n\n";
  }

  private static Client stream(Endpoint client, String events) {
    String request = GoldenTest.REQUESTS.getOrDefault(client, "");
    return Rig.stream(
        Rig.attempt(client, Dialect.OPENAI, request, Wish.STREAM),
        events.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the arguments by the id of their call, in order. */
  private static Map<String, String> calls(Endpoint client, Client got) {
    assertThat(got.failed).isNull();
    byte[] whole = Replay.aggregate(client, got.text().getBytes(StandardCharsets.UTF_8));
    JsonNode answer = Trees.answer(Objects.requireNonNull(whole));
    Map<String, String> calls = new LinkedHashMap<>();
    switch (client) {
      case MESSAGES ->
          answer
              .path("content")
              .forEach(
                  block -> calls.put(block.path("id").asText(), block.path("input").toString()));
      case RESPONSES ->
          answer
              .path("output")
              .forEach(item ->
                  calls.put(item.path("call_id").asText(), item.path("arguments").asText()));
      default ->
          answer
              .at("/candidates/0/content/parts")
              .forEach(part ->
                  calls.put(
                      part.at("/functionCall/id").asText(),
                      part.at("/functionCall/args").toString()));
    }
    return calls;
  }

  private static final String BY_TURNS =
      event(begin(0, "a", ""), begin(1, "b", ""))
          + event(more(0, "{\\\"x\\\":"))
          + event(more(1, "{\\\"y\\\":\\\"}{\\\\\\\"\\\","))
          + event(more(0, "{\\\"in\\\":1}"))
          + event(more(1, "\\\"z\\\":2}"))
          + event(more(0, "}"))
          + END;

  @ParameterizedTest
  @EnumSource(names = {"MESSAGES", "RESPONSES", "GENERATE"})
  void piecesByTurns_areToldCallByCall(Endpoint client) {
    assertThat(calls(client, stream(client, BY_TURNS)))
        .containsExactly(
            Map.entry("a", "{\"x\":{\"in\":1}}"), Map.entry("b", "{\"y\":\"}{\\\"\",\"z\":2}"));
  }

  @ParameterizedTest
  @EnumSource(names = {"MESSAGES", "RESPONSES", "GENERATE"})
  void piecesByTurns_splitAnywhere_giveTheSameBytes(Endpoint client) {
    String whole = stream(client, BY_TURNS).text();
    byte[] bytes = BY_TURNS.getBytes(StandardCharsets.UTF_8);
    for (int cut = 1; cut < bytes.length; cut += 7) {
      Client split =
          Rig.stream(
              Rig.attempt(
                  client,
                  Dialect.OPENAI,
                  GoldenTest.REQUESTS.getOrDefault(client, ""),
                  Wish.STREAM),
              bytes,
              cut);
      assertThat(split.text()).isEqualTo(whole);
    }
  }

  @Test
  void wholeCalls_oneAfterTheOther_areToldAtOnce() {
    String first = event(begin(0, "a", "{\\\"x\\\":1}")) + event(begin(1, "b", ""));
    assertThat(stream(Endpoint.MESSAGES, first).text()).contains("\"id\":\"b\"");
  }

  @Test
  void callThatSaysItsNameAgain_isOne_andAllWithOneNumber_areSeveral() {
    String again = event(begin(0, "a", "{\\\"x\\\":")) + event(begin(0, "a", "1}")) + END;
    assertThat(calls(Endpoint.MESSAGES, stream(Endpoint.MESSAGES, again)))
        .containsExactly(Map.entry("a", "{\"x\":1}"));

    String sameNumber = event(begin(0, "a", "{}"), begin(0, "b", "{}")) + END;
    assertThat(calls(Endpoint.MESSAGES, stream(Endpoint.MESSAGES, sameNumber)))
        .containsExactly(Map.entry("a", "{}"), Map.entry("b", "{}"));
  }

  @Test
  void callWithoutArguments_doesNotKeepTheNextBack() {
    String none = event(begin(0, "a", "")) + event(begin(1, "b", "{\\\"y\\\":2}")) + END;
    assertThat(calls(Endpoint.RESPONSES, stream(Endpoint.RESPONSES, none)).keySet())
        .containsExactly("a", "b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"MESSAGES", "RESPONSES", "GENERATE"})
  void argumentsOfACallThatIsOver_areNoPartOfAnother(String name) {
    String late = event(begin(0, "a", "{}")) + event(begin(1, "b", "{")) + event(more(0, "{}"));
    Client got = stream(Endpoint.valueOf(name), late + END);
    assertThat(got.settled).isNull();
    assertThat(Objects.requireNonNull(got.failed).kind()).isEqualTo(FailureKind.MALFORMED);
  }
}
