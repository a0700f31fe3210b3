package io.penstock.server.command;

import io.penstock.cache.semantic.TextEmbedder;
import io.penstock.core.route.PromptFeatures;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Prompts in files, as routers see them. */
final class Prompts {
  private Prompts() {}

  static String text(JsonLines.Line line) {
    return line.required("prompt", "text").asText();
  }

  static PromptFeatures features(JsonLines.Line line) {
    return PromptFeatures.of(text(line), Math.max(0, line.json().path("tools").asInt(0)));
  }

  /** Returns the embedding of each prompt, on all cores; nulls without an embedder. */
  static float[] @Nullable [] embeddings(
      List<JsonLines.Line> lines, @Nullable TextEmbedder embedder) {
    float[] @Nullable [] vectors = new float[lines.size()][];
    // Read first: an error thrown inside a parallel stream loses its message.
    List<String> texts = lines.stream().map(Prompts::text).toList();
    if (embedder != null) {
      IntStream.range(0, texts.size())
          .parallel()
          .forEach(i -> vectors[i] = embedder.embed(texts.get(i)));
    }
    return vectors;
  }
}
