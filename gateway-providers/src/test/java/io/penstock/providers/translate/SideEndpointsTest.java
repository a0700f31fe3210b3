package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.providers.Answer;
import io.penstock.providers.Attempt;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Embeddings and token counts in another dialect. */
class SideEndpointsTest {
  private static ObjectNode tree(Answer answer) {
    String text = answer.body().toString(StandardCharsets.UTF_8);
    answer.body().release();
    return Trees.answer(text);
  }

  @Test
  void embeddings_base64FromCohere_areLittleEndianFloats() {
    Attempt attempt =
        Rig.attempt(
            Endpoint.EMBEDDINGS,
            Dialect.COHERE,
            "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"base64\",\"dimensions\":2}",
            Wish.PLAIN);
    assertThat(Trees.answer(attempt.request().body()))
        .isEqualTo(
            Trees.parse(
                "{\"model\":\"command-a-03-2025\",\"texts\":[\"a\"],\"input_type\":\"search_document\","
                    + "\"embedding_types\":[\"float\"],\"output_dimension\":2}"));

    Answer answer =
        Rig.unary(
            attempt,
            "{\"id\":\"e\",\"embeddings\":{\"float\":[[1.0,-2.0]]},\"meta\":{\"billed_units\":{\"input_tokens\":3}}}");

    assertThat(answer.summary().usage().of(Meter.INPUT)).isEqualTo(3);
    JsonNode one = tree(answer).path("data").path(0);
    assertThat(one.path("embedding").asText()).isEqualTo("AACAPwAAAMA=");
  }

  @Test
  void embeddings_openAiToGeminiAndBack_keepOrder() {
    Attempt attempt =
        Rig.attempt(
            Endpoint.EMBEDDINGS,
            Dialect.GEMINI,
            "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}",
            Wish.PLAIN);
    assertThat(Trees.answer(attempt.request().body()).path("requests")).hasSize(2);

    ObjectNode answer =
        tree(Rig.unary(attempt, "{\"embeddings\":[{\"values\":[1]},{\"values\":[2]}]}"));

    assertThat(answer.path("data").path(1).path("embedding").path(0).asInt()).isEqualTo(2);
    assertThatThrownBy(() -> Rig.unary(attempt, "{\"embeddings\":[{\"values\":[1]}]}"))
        .isInstanceOf(ProviderException.class);
  }

  @Test
  void batchEmbedContents_toOpenAi_keepsShapeOfGemini() {
    Attempt attempt =
        Rig.attempt(
            Endpoint.BATCH_EMBED_CONTENTS,
            Dialect.OPENAI,
            "{\"requests\":[{\"model\":\"models/x\",\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}",
            Wish.PLAIN);

    ObjectNode answer =
        tree(
            Rig.unary(
                attempt,
                "{\"data\":[{\"index\":0,\"embedding\":[0.5]}],\"usage\":{\"prompt_tokens\":1,\"total_tokens\":1}}"));

    assertThat(answer).isEqualTo(Trees.parse("{\"embeddings\":[{\"values\":[0.5]}]}"));
  }

  @Test
  void countTokens_anthropicClientAtGemini_andTheOtherWay() {
    Attempt gemini =
        Rig.attempt(
            Endpoint.COUNT_TOKENS,
            Dialect.GEMINI,
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
            Wish.PLAIN);
    assertThat(
            Trees.answer(gemini.request().body())
                .path("generateContentRequest")
                .path("model")
                .asText())
        .isEqualTo("models/gemini-2.5-flash");
    assertThat(tree(Rig.unary(gemini, "{\"totalTokens\":7}")).path("input_tokens").asInt())
        .isEqualTo(7);

    Attempt claude =
        Rig.attempt(
            Endpoint.GEMINI_COUNT_TOKENS,
            Dialect.ANTHROPIC,
            "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}",
            Wish.PLAIN);
    assertThat(Trees.answer(claude.request().body()).has("max_tokens")).isFalse();
    assertThat(tree(Rig.unary(claude, "{\"input_tokens\":8}")).path("totalTokens").asInt())
        .isEqualTo(8);
  }
}
