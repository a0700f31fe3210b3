package io.penstock.core.route;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds evaluation data in a directory {@code shared} beside the repository. */
final class Beside {
  private Beside() {}

  static @Nullable Path find(String name) {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path file = at.resolve("shared").resolve(name);
      if (Files.exists(file)) {
        return file;
      }
    }
    return null;
  }
}
