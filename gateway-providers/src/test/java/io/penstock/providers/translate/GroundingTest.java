package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The searches of Gemini's answers that are translated, most events of which are not read. */
class GroundingTest {
  private static String chunk(String text, String queries, String more) {
    return "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\""
        + text
        + "\"}]}"
        + (queries.isEmpty()
            ? ""
            : ",\"groundingMetadata\":{\"webSearchQueries\":" + queries.replace('\'', '"') + "}")
        + more
        + ",\"responseId\":\"r\",\"modelVersion\":\"gemini-x\"}";
  }

  private static String usage(int output) {
    return "}],\"usageMetadata\":{\"promptTokenCount\":20,\"candidatesTokenCount\":" + output + "}";
  }

  private static AnswerSummary streamed(Endpoint client, List<String> chunks) {
    StringBuilder stream = new StringBuilder();
    chunks.forEach(chunk -> stream.append("data: ").append(chunk).append("\r\n\r\n"));
    Rig.Client got =
        Rig.stream(
            Rig.attempt(
                client, Dialect.GEMINI, GoldenTest.REQUESTS.getOrDefault(client, ""), Wish.STREAM),
            stream.toString().getBytes(StandardCharsets.UTF_8));
    assertThat(got.failed).isNull();
    assertThat(got.settled).isNotNull();
    return got.known;
  }

  private static Answer whole(Endpoint client, String answer) {
    return Rig.unary(
        Rig.attempt(
            client, Dialect.GEMINI, GoldenTest.REQUESTS.getOrDefault(client, ""), Wish.PLAIN),
        answer);
  }

  private static void assertUsage(AnswerSummary summary, long output, long searches) {
    assertThat(summary.usageReported()).isTrue();
    assertThat(summary.usage().of(Meter.OUTPUT)).isEqualTo(output);
    assertThat(summary.usage().of(Meter.WEB_SEARCH)).isEqualTo(searches);
  }

  @ParameterizedTest
  @EnumSource(names = {"CHAT", "MESSAGES", "RESPONSES"})
  void whole_uniqueQueries_areCounted(Endpoint client) {
    Answer answer =
        whole(client, chunk("Hi", "['a','','b','a']", ",\"finishReason\":\"STOP\"" + usage(9)));
    answer.body().release();

    assertUsage(answer.summary(), 9, 2);
  }

  /** Pieces of one shape, with and without metadata, usage so far in each. */
  @ParameterizedTest
  @EnumSource(names = {"CHAT", "MESSAGES", "RESPONSES"})
  void stream_metadataAgainAndAgain_countsEachQueryOnce(Endpoint client) {
    AnswerSummary summary =
        streamed(
            client,
            List.of(
                chunk("One", "", usage(1)),
                chunk(" two", "", usage(2)),
                chunk(" three", "['a']", usage(3)),
                chunk(" four", "['a']", usage(4)),
                chunk(" five", "['a']", usage(5)),
                chunk(" six", "['a','b']", usage(6)),
                chunk(" seven", "['a','c']", usage(7)),
                chunk(" eight", "", usage(8)),
                chunk(" nine", "", usage(9)),
                chunk(".", "['a','b']", ",\"finishReason\":\"STOP\"" + usage(10))));

    assertUsage(summary, 10, 3);
  }

  @Test
  void stream_metadataBeforeAnyUsage_isKept() {
    AnswerSummary summary =
        streamed(
            Endpoint.CHAT,
            List.of(
                chunk("One", "['a','b']", "}]"),
                chunk(".", "", ",\"finishReason\":\"STOP\"" + usage(2))));

    assertUsage(summary, 2, 2);
  }

  @Test
  void withoutUsage_isNotReported_andTheSearchesAreKept() {
    String chunk = chunk("Hi", "['a']", ",\"finishReason\":\"STOP\"}]");
    Answer answer = whole(Endpoint.CHAT, chunk);
    answer.body().release();

    for (AnswerSummary summary :
        List.of(answer.summary(), streamed(Endpoint.CHAT, List.of(chunk)))) {
      assertThat(summary.usageReported()).isFalse();
      assertThat(summary.usage().of(Meter.WEB_SEARCH)).isOne();
    }
    assertThat(answer.text()).hasToString("Hi");
  }

  /** Where the client's dialect tells of searches, it is told how many there were. */
  @Test
  void messages_areToldOfTheSearches() {
    Answer answer =
        whole(Endpoint.MESSAGES, chunk("Hi", "['a','b']", ",\"finishReason\":\"STOP\"" + usage(9)));

    assertThat(answer.body().toString(StandardCharsets.UTF_8))
        .contains("\"server_tool_use\":{\"web_search_requests\":2}");
    answer.body().release();
  }
}
