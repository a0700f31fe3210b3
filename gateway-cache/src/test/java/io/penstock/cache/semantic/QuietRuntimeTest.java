package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class QuietRuntimeTest {
  /** The runtime opens this file of the process when it prepares to report. */
  private static final Path TRACE =
      Path.of("/tmp", "mat-debug-" + ProcessHandle.current().pid() + ".log");

  @Test
  void embed_builtin_reportsToNobody() throws Exception {
    try (TextEmbedder embedder = new TextEmbedder()) {
      assertThat(embedder.embed("Is anybody told?")).hasSize(TextEmbedder.DIMENSIONS);
    }
    assertThat(TRACE).doesNotExist();
  }
}
