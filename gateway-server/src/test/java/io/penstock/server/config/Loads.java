package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.penstock.server.config.load.ConfigLoader;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.load.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Shortcuts for tests that load a configuration. */
final class Loads {
  static final Path ROOT = Path.of("../config");

  private Loads() {}

  static LoadResult load(Path file, Map<String, String> environment) {
    return new ConfigLoader(environment).load(file);
  }

  static LoadResult load(Path directory, String yaml) {
    return load(write(directory, "penstock.yaml", yaml), Map.of());
  }

  static LoadResult.Loaded loaded(LoadResult result) {
    if (result instanceof LoadResult.Loaded loaded) {
      return loaded;
    }
    return fail(String.join("\n", lines(problems(result))));
  }

  static Config config(Path directory, String yaml) {
    return loaded(load(directory, yaml)).config();
  }

  static List<Problem> problems(LoadResult result) {
    assertThat(result).isInstanceOf(LoadResult.Rejected.class);
    return ((LoadResult.Rejected) result).problems();
  }

  /** Returns the problems as text, with the directory left out. */
  static List<String> lines(List<Problem> problems) {
    return problems.stream()
        .map(Problem::toString)
        .map(line -> line.replaceFirst("^[^:]*/", ""))
        .toList();
  }

  static Path write(Path directory, String name, String text) {
    try {
      Path file = directory.resolve(name);
      Path parent = file.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static <V> V at(Map<String, V> map, String name) {
    return Objects.requireNonNull(map.get(name), name);
  }
}
