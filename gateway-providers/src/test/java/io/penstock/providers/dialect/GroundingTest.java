package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.providers.AnswerSummary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which searches Gemini's answers say were made; the usual ones are golden files. */
class GroundingTest {
  private static final String USAGE =
      ",\"usageMetadata\":{\"promptTokenCount\":20,\"candidatesTokenCount\":9},\"modelVersion\":\"g\"}";

  private static Wire.Call call() {
    return Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{}").model("gemini-x");
  }

  private static String candidate(int index, String part, String metadata) {
    return "{\"content\":{\"role\":\"model\",\"parts\":["
        + part
        + "]},\"finishReason\":\"STOP\",\"index\":"
        + index
        + (metadata.isEmpty() ? "" : ",\"groundingMetadata\":" + metadata.replace('\'', '"'))
        + "}";
  }

  private static String answer(String... candidates) {
    return "{\"candidates\":[" + String.join(",", candidates) + "]";
  }

  private static AnswerSummary streamed(String... chunks) {
    StringBuilder stream = new StringBuilder();
    for (String chunk : chunks) {
      stream.append("data: ").append(chunk).append("\r\n\r\n");
    }
    AnswerSummary settled = call().stream(false).streamed(stream.toString()).settled();
    assertThat(settled).isNotNull();
    return settled;
  }

  private static long searches(AnswerSummary summary) {
    return summary.usage().of(Meter.WEB_SEARCH);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                                 | 0",
        "{}                                                 | 0",
        "{'webSearchQueries':[]}                            | 0",
        "{'webSearchQueries':['','  ']}                     | 0",
        "{'webSearchQueries':null}                          | 0",
        "{'webSearchQueries':'tower'}                       | 0",
        "{'webSearchQueries':[7,null,{'a':['b']}]}          | 0",
        "{'webSearchQueries':['tower']}                     | 1",
        "{'webSearchQueries':['tower','tower ','tower']}    | 2",
        "{'groundingChunks':[{'maps':{'uri':'u'}}]}         | 0",
        "{'x':{'webSearchQueries':['other']},'webSearchQueries':['a','b','c']} | 3",
      })
  void metadata_uniqueQueriesThatSaySomething_areCounted(String metadata, long count) {
    String chunk = answer(candidate(0, "{\"text\":\"Hi\"}", metadata)) + USAGE;

    assertThat(searches(call().summary(chunk))).isEqualTo(count);
    assertThat(searches(streamed(chunk))).isEqualTo(count);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"functionCall\":{\"name\":\"f\",\"args\":{\"webSearchQueries\":[\"no\"]}}}",
        "{\"functionCall\":{\"args\":{\"groundingMetadata\":{\"webSearchQueries\":[\"no\"]}}}}",
        "{\"text\":\"{\\\"groundingMetadata\\\":{\\\"webSearchQueries\\\":[\\\"no\\\"]}}\"}"
      })
  void whatTheModelSays_isNoSearch(String part) {
    String chunk = answer(candidate(0, part, "")) + USAGE;

    assertThat(searches(call().summary(chunk))).isZero();
    assertThat(searches(streamed(chunk))).isZero();
  }

  /** Metadata comes again with all so far, with what is new, or once, early or late. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "['a'] ['a','b'] ['a','b','c']",
        "['a'] ['b'] ['c']",
        "['a','b','c'] - -",
        "- ['a','b'] ['c','b']",
        "- - ['a','b','c']",
        "['a','b','c'] ['a','b','c'] ['a','b','c']"
      })
  void stream_metadataOfSeveralChunks_countsEachQueryOnce(String chunks) {
    String[] queries = chunks.split(" ");
    String[] events = new String[queries.length];
    for (int i = 0; i < events.length; i++) {
      String metadata = queries[i].equals("-") ? "" : "{'webSearchQueries':" + queries[i] + "}";
      String chunk = answer(candidate(0, "{\"text\":\"Hi\"}", metadata)) + USAGE;
      events[i] = i < events.length - 1 ? chunk.replace(",\"finishReason\":\"STOP\"", "") : chunk;
    }

    assertThat(searches(streamed(events))).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void severalCandidates_areOneRequest(boolean stream) {
    String chunk =
        answer(
                candidate(0, "{\"text\":\"Hi\"}", "{'webSearchQueries':['a','b']}"),
                candidate(1, "{\"text\":\"Ho\"}", "{'webSearchQueries':['b','c']}"))
            + USAGE;

    assertThat(searches(stream ? streamed(chunk) : call().summary(chunk))).isEqualTo(3);
  }

  /** Searches alone are no usage: tokens are counted, and these are kept. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void withoutUsage_isNotReported_andTheSearchesAreKept(boolean stream) {
    String chunk =
        answer(candidate(0, "{\"text\":\"Hi\"}", "{'webSearchQueries':['a']}"))
            + ",\"modelVersion\":\"g\"}";

    AnswerSummary summary = stream ? streamed(chunk) : call().summary(chunk);

    assertThat(summary.usageReported()).isFalse();
    assertThat(searches(summary)).isOne();
  }

  /** What a source supports tells again what was said. */
  @Test
  void supports_areNoOutput() {
    String chunk =
        answer(
                candidate(
                    0,
                    "{\"text\":\"It is tall.\"}",
                    "{'groundingSupports':[{'segment':{'endIndex':5,'text':'It is'}}]}"))
            + USAGE;

    assertThat(call().stream(false).streamed("data: " + chunk + "\r\n\r\n").relayed())
        .isEqualTo("It is tall.");
  }
}
