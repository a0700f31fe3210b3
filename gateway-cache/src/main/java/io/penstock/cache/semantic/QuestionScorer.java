package io.penstock.cache.semantic;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Scores recorded questions through the gates that serve requests. Loads the models when first
 * asked. Confined to one thread.
 */
public final class QuestionScorer implements Forecast.Scorer, AutoCloseable {
  private final Models models = new Models();

  @Override
  public float[] embed(String text) {
    return loaded().first().embed(text);
  }

  @Override
  public double score(String cached, String asked, boolean sameDay, double similarity) {
    return loaded()
        .judge()
        .judge(
            cached,
            asked,
            sameDay,
            similarity,
            () -> Vectors.dot(loaded().second().embed(cached), loaded().second().embed(asked)))
        .score();
  }

  private Models.Loaded loaded() {
    try {
      return models.get();
    } catch (IOException e) {
      throw new UncheckedIOException("the embedder does not load", e);
    }
  }

  @Override
  public void close() {
    models.close();
  }
}
