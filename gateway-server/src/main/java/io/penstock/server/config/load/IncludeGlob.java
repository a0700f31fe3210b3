package io.penstock.server.config.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * An entry of {@code include}: a file, or a glob in its last part such as {@code teams/*.yaml}.
 *
 * @param directory where to look
 * @param pattern the last part
 */
record IncludeGlob(Path directory, String pattern) {
  /** Resolves the text against the directory of the file that includes. */
  static IncludeGlob of(Path base, String text) {
    int slash = text.lastIndexOf('/');
    Path directory = slash < 0 ? base : base.resolve(slash == 0 ? "/" : text.substring(0, slash));
    return new IncludeGlob(directory.normalize(), text.substring(slash + 1));
  }

  /** Returns whether one file is meant, so that its absence is a mistake. */
  boolean isFile() {
    return pattern.chars().noneMatch(c -> "*?[{".indexOf(c) >= 0);
  }

  /** Returns the regular files that match, sorted by name. */
  List<Path> find() {
    if (isFile()) {
      Path file = directory.resolve(pattern);
      return Files.isRegularFile(file) ? List.of(file) : List.of();
    }
    List<Path> found = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return found;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, pattern)) {
      files.forEach(file -> {
        if (Files.isRegularFile(file)) {
          found.add(file);
        }
      });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Collections.sort(found);
    return found;
  }
}
