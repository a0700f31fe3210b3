package io.penstock.cache.semantic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Scores recorded questions through the gates that serve requests. Loads the models when first
 * asked. Confined to one thread.
 */
public final class QuestionScorer implements Forecast.Scorer, AutoCloseable {
  /** Candidates are few, and come again and again. */
  private static final int REMEMBERED = 4_096;

  private final Models models = new Models();
  private final Map<String, float[]> second =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
          return size() > REMEMBERED;
        }
      };

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
            () -> Vectors.dot(secondly(cached), secondly(asked)))
        .score();
  }

  private float[] secondly(String text) {
    return second.computeIfAbsent(text, loaded().second()::embed);
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
