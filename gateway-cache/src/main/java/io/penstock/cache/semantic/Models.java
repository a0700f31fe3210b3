package io.penstock.cache.semantic;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The models of this process, loaded when first used, on the thread that needs them. Half a second
 * and about 200 MB; a process whose rules have no semantic layer never pays it.
 */
final class Models implements AutoCloseable {
  private @Nullable OnnxModel first;
  private @Nullable Loaded loaded;

  record Loaded(OnnxModel first, OnnxModel second, Judge judge) {}

  synchronized Loaded get() throws IOException {
    Loaded models = loaded;
    if (models == null) {
      OnnxModel embedder = first();
      models = new Loaded(embedder, OnnxModel.bgeSmall(), Judge.load(embedder.tokens()));
      loaded = models;
    }
    return models;
  }

  /** Returns the embedder alone, for those who judge nothing. */
  synchronized OnnxModel first() throws IOException {
    OnnxModel model = first;
    if (model == null) {
      model = OnnxModel.miniLm();
      first = model;
    }
    return model;
  }

  @Override
  public synchronized void close() {
    if (first != null) {
      first.close();
      first = null;
    }
    if (loaded != null) {
      loaded.second.close();
      loaded = null;
    }
  }
}
