package io.penstock.providers.translate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.ByteSearch;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Events of a known shape say the same as if they had been read. */
class EventShapeTest {
  private static final JsonMapper PLAIN = new JsonMapper();
  private static final JsonMapper ASCII =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final EventShape shape = new EventShape();

  private void learn(String event, String text) {
    byte[] json = event.getBytes(UTF_8);
    shape.learn("", json, 0, json.length, text, "usage");
  }

  private @Nullable String match(String event) {
    byte[] json = ("xx" + event + "yy").getBytes(UTF_8);
    return shape.match("", json, 2, json.length - 2);
  }

  @Test
  void match_anotherText_isFound() {
    learn("{\"a\":1,\"text\": \"word\",\"b\":2}", "word");

    assertThat(match("{\"a\":1,\"text\": \"other\",\"b\":2}")).isEqualTo("other");
    assertThat(match("{\"a\":1,\"text\": \"\",\"b\":2}")).isEmpty();
    assertThat(match("{\"a\":1,\"text\": \"é\\n\\\"\\u00e9\\\\\",\"b\":2}")).isEqualTo("é\n\"é\\");
  }

  @Test
  void match_anythingElseThatDiffers_isRefused() {
    learn("{\"a\":1,\"text\":\"word\",\"b\":2}", "word");

    assertThat(match("{\"a\":2,\"text\":\"word\",\"b\":2}")).isNull();
    assertThat(match("{\"a\":1,\"text\":\"word\",\"b\":3}")).isNull();
    assertThat(match("{\"a\":1,\"text\":\"word\",\"c\":1,\"b\":2}")).isNull();
    assertThat(match("{\"a\":1,\"text\":null,\"b\":2}")).isNull();
    assertThat(match("{\"a\":1,\"text\":\"a\tb\",\"b\":2}")).isNull();
    assertThat(match("{\"a\":1,\"text\":\"\\x\",\"b\":2}")).isNull();
    assertThat(match("{\"a\":1,\"text\":\"\\u12\",\"b\":2}")).isNull();
    assertThat(match("{\"a\":1,\"text\":\"word\\\",\"b\":2}")).isNull();
    assertThat(match("{\"a\":1,\"text\":\"")).isNull();
  }

  @Test
  void match_padding_mayBeOfAnyLength() {
    learn("{\"text\":\"word\",\"obfuscation\":\"abc\"}", "word");

    assertThat(match("{\"text\":\"a\",\"obfuscation\":\"\"}")).isEqualTo("a");
    assertThat(match("{\"text\":\"a\",\"obfuscation\":\"abcdef\"}")).isEqualTo("a");
    assertThat(match("{\"text\":\"a\",\"obfuscation\":\"x\",\"usage\":{}}")).isNull();
    assertThat(match("{\"text\":\"a\"}")).isNull();
  }

  @Test
  void match_usage_mayBeAnother_andIsFound() {
    learn("{\"text\":\"word\",\"usage\": {\"a\":1},\"b\":2}", "word");

    String event = "{\"text\":\"a\",\"usage\": {\"a\":22,\"c\":[{\"d\":\"}\"}]},\"b\":2}";
    assertThat(match(event)).isEqualTo("a");
    assertThat(("xx" + event).substring(shape.usageStart(), shape.usageEnd()))
        .isEqualTo("{\"a\":22,\"c\":[{\"d\":\"}\"}]}");
    assertThat(match("{\"text\":\"a\",\"usage\": {\"a\":1},\"b\":3}")).isNull();
    assertThat(match("{\"text\":\"a\",\"usage\": null,\"b\":2}")).isNull();
    assertThat(match("{\"text\":\"a\",\"usage\": {\"a\":1")).isNull();
  }

  /**
   * Gemini reports in each chunk, Together too: the last one counts, also of a stream that is cut.
   */
  @ParameterizedTest
  @CsvSource({"OPENAI, GENERATE", "OPENAI, MESSAGES", "GEMINI, CHAT", "GEMINI, RESPONSES"})
  void stream_withUsageInEveryEvent_theLastOneCounts(Dialect provider, Endpoint client) {
    String one =
        provider == Dialect.GEMINI
            ? "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"word\"}],\"role\":\"model\"},"
                + "\"index\":0}],\"usageMetadata\": {\"promptTokenCount\": 7,"
                + "\"candidatesTokenCount\": %d,\"totalTokenCount\": %d},\"modelVersion\":\"g\"}"
            : "{\"id\":\"c\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"},"
                  + "\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":%d,"
                  + "\"total_tokens\":%d}}";
    StringBuilder cut = new StringBuilder();
    for (int i = 1; i <= 50; i++) {
      cut.append("data: ").append(one.formatted(i, i + 7)).append("\n\n");
    }

    Client got =
        Rig.stream(
            Rig.attempt(
                client, provider, GoldenTest.REQUESTS.getOrDefault(client, ""), Wish.STREAM),
            cut.toString().getBytes(UTF_8));

    assertThat(got.known.usage().outputTokens()).isEqualTo(50);
    assertThat(got.known.usage().inputTokens()).isEqualTo(7);
    assertThat(got.known.usageReported()).isFalse();
  }

  @Test
  void learn_textThatIsThereTwiceOrNotAsItIs_knowsNothing() {
    learn("{\"role\":\"word\",\"text\":\"word\"}", "word");
    assertThat(match("{\"role\":\"word\",\"text\":\"a\"}")).isNull();

    learn("{\"text\":\"a\\\"b\"}", "a\"b");
    assertThat(match("{\"text\":\"c\"}")).isNull();

    learn("{\"text\":\"word\"}", "word");
    shape.forget();
    assertThat(match("{\"text\":\"word\"}")).isNull();
  }

  /** Texts of all kinds, written now as they are and now escaped, with and without padding. */
  @ParameterizedTest
  @EnumSource(
      value = Endpoint.class,
      names = {"CHAT", "RESPONSES", "MESSAGES", "GENERATE"})
  void stream_ofStrangeTexts_saysThemAll(Endpoint client) throws JsonProcessingException {
    Random random = new Random(7);
    StringBuilder stream = new StringBuilder();
    StringBuilder said = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      String text = text(random);
      said.append(text);
      String quoted = (random.nextInt(4) == 0 ? ASCII : PLAIN).writeValueAsString(text);
      stream
          .append(
              "data:"
                  + " {\"id\":\"c\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":")
          .append(quoted)
          .append(random.nextInt(9) == 0 ? ",\"refusal\":null" : "")
          .append("},\"finish_reason\":null}]")
          .append(",\"obfuscation\":\"")
          .append("x".repeat(random.nextInt(5)))
          .append("\"}\n\n");
    }
    stream.append(
        "data:"
            + " {\"id\":\"c\",\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    stream.append("data: [DONE]\n\n");

    String request = GoldenTest.REQUESTS.getOrDefault(client, "");
    Client got =
        Rig.stream(
            Rig.attempt(client, Dialect.OPENAI, request, Wish.STREAM),
            stream.toString().getBytes(UTF_8));

    byte[] whole = Replay.aggregate(client, got.text().getBytes(UTF_8));
    assertThat(whole).isNotNull();
    assertThat(String.join("", Trees.answer(whole).findValuesAsText(field(client))))
        .isEqualTo(said.toString());
  }

  private static String field(Endpoint client) {
    return client == Endpoint.CHAT ? "content" : "text";
  }

  private static String text(Random random) {
    String[] kinds = {
      "word", " two words", "\n", "\"", "\\", "é", "日本", "😀", "", "\t{}", "a,b:c", "\u0001"
    };
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(3); i >= 0; i--) {
      text.append(kinds[random.nextInt(kinds.length)]);
    }
    return text.toString();
  }

  @Test
  void either_anyBytes_isTheFirstOfTheTwo() {
    Random random = new Random(3);
    for (int round = 0; round < 2000; round++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = random.nextInt(3) == 0 ? (byte) (random.nextInt(4) * 2 + 32) : bytes[i];
      }
      int from = random.nextInt(bytes.length + 1);
      int naive = from;
      while (naive < bytes.length && bytes[naive] != '"' && bytes[naive] != '&') {
        naive++;
      }
      assertThat(ByteSearch.either(bytes, from, bytes.length, '"', '&')).isEqualTo(naive);
    }
  }
}
