package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.ProviderCall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The vectors of an answer, read in a provider's form and written in a client's; the counterpart of
 * {@link Embeddings}, which does the same for requests.
 *
 * @param vectors lists of numbers, in the order of the inputs
 */
record EmbeddingVectors(List<JsonNode> vectors, Usage usage) {

  /**
   * Reads an answer.
   *
   * @param inputs how many vectors it must have
   * @throws io.penstock.core.GatewayException 502 when it does not have them
   */
  static EmbeddingVectors read(ObjectNode answer, Dialect from, int inputs) {
    List<JsonNode> vectors = new ArrayList<>();
    Usage usage =
        switch (from) {
          case GEMINI -> gemini(answer, vectors);
          case COHERE -> {
            answer.path("embeddings").path("float").forEach(vectors::add);
            yield UsageReaders.cohere(answer.path("meta"));
          }
          default -> {
            answer.path("data").forEach(one -> vectors.add(one.path("embedding")));
            yield UsageReaders.openAiChat(answer.path("usage"));
          }
        };
    if (vectors.size() != inputs) {
      throw Trees.malformed(
          vectors.size() + " embeddings came for " + inputs + " inputs of " + from.label());
    }
    for (JsonNode vector : vectors) {
      if (!vector.isArray() || vector.isEmpty()) {
        throw Trees.malformed("an embedding is not a list of numbers");
      }
    }
    return new EmbeddingVectors(vectors, usage);
  }

  /** Reads a batch, a single one, or the predictions of Vertex AI. */
  private static Usage gemini(ObjectNode answer, List<JsonNode> vectors) {
    answer.path("embeddings").forEach(one -> vectors.add(one.path("values")));
    if (answer.path("embedding").isObject()) {
      vectors.add(answer.path("embedding").path("values"));
    }
    answer.path("predictions").forEach(one -> vectors.add(one.path("embeddings").path("values")));
    return answer.has("predictions")
        ? UsageReaders.vertexPredict(answer.path("predictions"))
        : UsageReaders.gemini(answer.path("usageMetadata"));
  }

  /**
   * Writes them in the form of the call's endpoint.
   *
   * @param base64 whether OpenAI's clients want little-endian floats instead of a list
   */
  UnaryAttempt.Result asAnswer(ProviderCall call, boolean base64) {
    ObjectNode answer = Trees.object();
    switch (call.endpoint()) {
      case EMBED_CONTENT -> answer.putObject("embedding").set("values", vectors.getFirst());
      case BATCH_EMBED_CONTENTS -> {
        ArrayNode list = answer.putArray("embeddings");
        vectors.forEach(vector -> list.addObject().set("values", vector));
      }
      default -> openAi(answer, call, base64);
    }
    return new UnaryAttempt.Result(answer, usage, !usage.isEmpty());
  }

  private void openAi(ObjectNode answer, ProviderCall call, boolean base64) {
    answer.put("object", "list");
    ArrayNode data = answer.putArray("data");
    for (JsonNode vector : vectors) {
      ObjectNode one = data.addObject().put("object", "embedding").put("index", data.size() - 1);
      if (base64) {
        one.put("embedding", base64(vector));
      } else {
        one.set("embedding", vector);
      }
    }
    String shown = call.clientModel();
    answer.put("model", shown == null ? call.target().model() : shown);
    long tokens = usage.of(Meter.INPUT);
    answer.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
  }

  private static String base64(JsonNode vector) {
    ByteBuffer floats = ByteBuffer.allocate(vector.size() * 4).order(ByteOrder.LITTLE_ENDIAN);
    vector.forEach(value -> floats.putFloat((float) value.asDouble()));
    return Base64.getEncoder().encodeToString(floats.array());
  }
}
