package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EmbeddingInputsTest {
  private static @Nullable EmbeddingInputs read(Endpoint endpoint, String body) {
    return EmbeddingInputs.of(
        new KeyInput(Samples.TEAM, endpoint, "m", "r"), body.getBytes(StandardCharsets.UTF_8));
  }

  private static EmbeddingInputs openAi(String body) {
    EmbeddingInputs inputs = read(Endpoint.EMBEDDINGS, body);
    assertThat(inputs).isNotNull();
    return inputs;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void of_batchAndSingle_shareKeysPerInput() {
    EmbeddingInputs batch = openAi("{\"model\":\"m\",\"input\":[\"a\", \"b\"],\"user\":\"u\"}");

    assertThat(batch.size()).isEqualTo(2);
    assertThat(batch.key(1)).isEqualTo(openAi("{\"model\":\"m\",\"input\":\"b\"}").key(0));
    assertThat(batch.key(0)).isNotEqualTo(batch.key(1));
    assertThat(batch.key(1))
        .isNotEqualTo(openAi("{\"model\":\"m\",\"dimensions\":9,\"input\":\"b\"}").key(0));
  }

  @Test
  void of_tokenLists_areInputsOfTheirOwn() {
    assertThat(openAi("{\"input\":[1,2,3]}").size()).isEqualTo(1);
    EmbeddingInputs lists = openAi("{\"input\":[[1,2],[3]]}");
    assertThat(lists.size()).isEqualTo(2);
    assertThat(lists.key(0)).isEqualTo(openAi("{\"input\":[1,2]}").key(0));
  }

  @Test
  void without_knownInputs_asksForTheRest() {
    EmbeddingInputs inputs = openAi("{\"input\": [\"a\", \"b\" ,\"c\"],\"x\":1}");
    BitSet known = new BitSet();
    known.set(1);

    assertThat(text(inputs.without(known))).isEqualTo("{\"input\": [\"a\",\"c\"],\"x\":1}");
    assertThat(text(inputs.without(new BitSet()))).contains("[\"a\", \"b\" ,\"c\"]");
    BitSet missing = BitSet.valueOf(new long[] {0b101});
    assertThat(inputs.shares(missing, 11)).containsExactly(5, 0, 6);
  }

  @Test
  void vectors_outOfOrder_comeInOrderByteForByte() {
    String answer =
        "{\"data\":[{\"index\":1,\"embedding\":[1.50, 2e-3]},"
            + "{\"object\":\"embedding\",\"embedding\":\"AAAA\",\"index\":0}],\"model\":\"m\"}";

    List<byte[]> vectors =
        EmbeddingAnswers.vectors(Endpoint.EMBEDDINGS, answer.getBytes(StandardCharsets.UTF_8), 2);

    assertThat(vectors)
        .extracting(EmbeddingInputsTest::text)
        .containsExactly("\"AAAA\"", "[1.50, 2e-3]");
    assertThat(text(EmbeddingAnswers.answer(Endpoint.EMBEDDINGS, vectors, "m", 7)))
        .isEqualTo(
            "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":\"AAAA\"},{\"object\":\"embedding\",\"index\":1,\"embedding\":[1.50,"
                + " 2e-3]}],\"model\":\"m\",\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}");
  }

  @Test
  void vectors_geminiBatch_areWholeObjects() {
    String answer = "{\"embeddings\":[{\"values\":[1]},{\"values\":[2]}]}";
    Endpoint endpoint = Endpoint.BATCH_EMBED_CONTENTS;

    List<byte[]> vectors =
        EmbeddingAnswers.vectors(endpoint, answer.getBytes(StandardCharsets.UTF_8), 2);

    assertThat(text(EmbeddingAnswers.answer(endpoint, vectors, "m", 1))).isEqualTo(answer);
    assertThat(read(endpoint, "{\"requests\":[{\"a\":1},{\"b\":[2]}]}")).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"data\":[{\"index\":0,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":7,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":null}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"\"},{\"index\":1,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[1,[2],null]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":{\"error\":1}}]}",
        "{\"error\":{}}",
        "<html>"
      })
  void vectors_notTheExpectedAnswer_areNone(String answer) {
    assertThat(
            EmbeddingAnswers.vectors(
                Endpoint.EMBEDDINGS, answer.getBytes(StandardCharsets.UTF_8), 2))
        .isEmpty();
  }

  @Test
  void vectors_geminiWithoutNumbers_areNone() {
    for (String values : new String[] {"{}", "{\"values\":[]}", "{\"values\":[null]}", "[1]"}) {
      assertThat(
              EmbeddingAnswers.vectors(
                  Endpoint.BATCH_EMBED_CONTENTS,
                  ("{\"embeddings\":[" + values + "]}").getBytes(StandardCharsets.UTF_8),
                  1))
          .as(values)
          .isEmpty();
      assertThat(
              EmbeddingAnswers.vectors(
                  Endpoint.EMBED_CONTENT,
                  ("{\"embedding\":" + values + "}").getBytes(StandardCharsets.UTF_8),
                  1))
          .as(values)
          .isEmpty();
    }
  }

  @Test
  void of_otherShapes_isNull() {
    assertThat(read(Endpoint.EMBEDDINGS, "{\"input\":[]}")).isNull();
    assertThat(read(Endpoint.EMBEDDINGS, "{\"input\":\"a\",\"input\":\"b\"}")).isNull();
    assertThat(read(Endpoint.EMBEDDINGS, "{\"model\":\"m\"}")).isNull();
    assertThat(read(Endpoint.EMBEDDINGS, "{")).isNull();
    assertThat(read(Endpoint.CHAT, "{\"input\":\"a\"}")).isNull();
  }

  @Test
  void of_geminiSingle_isABatchOfOne() {
    String body = "{\"content\":{\"parts\":[{\"text\":\"a\"}]}%s}";
    EmbeddingInputs single = read(Endpoint.EMBED_CONTENT, body.formatted(""));
    assertThat(single).isNotNull();
    assertThat(single.size()).isEqualTo(1);
    EmbeddingInputs task =
        read(Endpoint.EMBED_CONTENT, body.formatted(",\"taskType\":\"CLUSTERING\""));
    assertThat(task).isNotNull();
    assertThat(task.key(0)).isNotEqualTo(single.key(0));
    assertThat(read(Endpoint.EMBED_CONTENT, "{\"content\":[1,2]}")).isNull();

    String answer = "{\"embedding\":{\"values\":[1, 2.5]}}";
    List<byte[]> vectors =
        EmbeddingAnswers.vectors(
            Endpoint.EMBED_CONTENT, answer.getBytes(StandardCharsets.UTF_8), 1);
    assertThat(text(EmbeddingAnswers.answer(Endpoint.EMBED_CONTENT, vectors, "m", 7)))
        .isEqualTo(answer);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[0.5,-2,1e0]", "\"AAAAPwAAAMAAAIA/\""})
  void numbers_ofAListOrBase64_areTheSame(String vector) {
    assertThat(EmbeddingAnswers.numbers(vector.getBytes(StandardCharsets.UTF_8)))
        .containsExactly(0.5f, -2, 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[1,\"x\"]", "[1,[2]]", "[1", "\"%\"", "null"})
  void numbers_ofSomethingElse_areRefused(String vector) {
    assertThatThrownBy(() -> EmbeddingAnswers.numbers(vector.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: a list of numbers");
  }
}
