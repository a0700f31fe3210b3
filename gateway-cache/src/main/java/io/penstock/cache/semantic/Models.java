package io.penstock.cache.semantic;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The models of this process, loaded when first used, on the thread that needs them. Half a second
 * and about 200 MB; a process whose rules have no semantic layer never pays it.
 */
final class Models implements AutoCloseable {
  private @Nullable Loaded loaded;

  record Loaded(OnnxModel first, OnnxModel second, Judge judge) {}

  synchronized Loaded get() throws IOException {
    Loaded models = loaded;
    if (models == null) {
      OnnxModel first = OnnxModel.miniLm();
      models = new Loaded(first, OnnxModel.bgeSmall(), Judge.load(first.tokens()));
      loaded = models;
    }
    return models;
  }

  @Override
  public synchronized void close() {
    if (loaded != null) {
      loaded.first.close();
      loaded.second.close();
      loaded = null;
    }
  }
}
