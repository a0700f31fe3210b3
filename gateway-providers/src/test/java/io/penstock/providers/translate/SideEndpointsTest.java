package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.providers.Answer;
import io.penstock.providers.Attempt;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.ProviderException;
import io.penstock.providers.Target;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
  void embedContent_namesInSnakeCase_areGooglesToo() {
    Attempt attempt =
        Rig.attempt(
            Endpoint.EMBED_CONTENT,
            Dialect.COHERE,
            "{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"output_dimensionality\":256,"
                + "\"task_type\":\"CLUSTERING\"}",
            Wish.PLAIN);

    JsonNode sent = Trees.answer(attempt.request().body());
    assertThat(sent.path("output_dimension").asInt()).isEqualTo(256);
    assertThat(sent.path("input_type").asText()).isEqualTo("clustering");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "\"outputDimensionality\":256, requests.1.outputDimensionality",
        "\"taskType\":\"CLUSTERING\", requests"
      })
  void batchEmbedContents_whatMustBeOneForAll_isRefusedWhereItIsNot(String field, String param) {
    String batch =
        "{\"requests\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},"
            + field
            + "},{\"content\":{\"parts\":[{\"text\":\"b\"}]}}]}";

    assertThatThrownBy(
            () -> Rig.attempt(Endpoint.BATCH_EMBED_CONTENTS, Dialect.COHERE, batch, Wish.PLAIN))
        .isInstanceOfSatisfying(
            GatewayException.class, e -> assertThat(e.param()).isEqualTo(param));
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

  @Test
  void countTokens_vertex_getsNoWrapper() {
    var target = new Target("main", Dialect.VERTEX, "gemini-2.5-flash", "", Map.of());
    Attempt attempt =
        Translation.attempt(
            Rig.call(
                Endpoint.COUNT_TOKENS,
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],"
                    + "\"service_tier\":\"auto\",\"system\":\"Be brief.\"}",
                Wish.PLAIN,
                target),
            Dialect.GEMINI,
            new Rig.TestWiring(false));

    assertThat(Trees.answer(attempt.request().body()))
        .isEqualTo(
            Trees.parse(
                "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]},"
                    + "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}"));
  }

  @Test
  void countTokens_claudeOfUnknownLimit_needsNoCap() {
    ProviderCall call =
        new ProviderCall(
            Endpoint.GEMINI_COUNT_TOKENS,
            new Target("main", Dialect.ANTHROPIC, "claude-next", "", Map.of()),
            RequestBody.parse(
                "{\"generate_content_request\":{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}}"
                    .getBytes(StandardCharsets.UTF_8)),
            false,
            false,
            HeaderLookup.NONE,
            -1,
            Map.of(),
            Map.of(),
            false,
            -1,
            null);

    Attempt attempt = Translation.attempt(call, Dialect.ANTHROPIC, new Rig.TestWiring(false));

    assertThat(Trees.answer(attempt.request().body()))
        .isEqualTo(
            Trees.parse(
                "{\"model\":\"claude-next\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"));
  }
}
