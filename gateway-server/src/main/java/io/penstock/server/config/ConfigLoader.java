package io.penstock.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a configuration: all problems at once, each with its line. Immutable and thread-safe; reads
 * files, so never on an event loop.
 */
public final class ConfigLoader {
  private final Map<String, String> environment;
  private final Set<String> notYet;
  private final List<ConfigCheck> checks;

  /**
   * Creates a loader.
   *
   * @param environment what {@code ${NAME}} means
   * @param notYet what this version does not serve: paths such as {@code cache.semantic}, {@code
   *     models.*.shadow} ({@code *} for any name; list indices left out), or with a value {@code
   *     models.*.strategy=cascade}
   * @param checks what else must hold
   */
  public ConfigLoader(
      Map<String, String> environment, Set<String> notYet, List<ConfigCheck> checks) {
    this.environment = Map.copyOf(environment);
    this.notYet = Set.copyOf(notYet);
    this.checks = List.copyOf(checks);
  }

  /** Reads the file and what it includes. A file that is not there is a problem, not an error. */
  public LoadResult load(Path file) {
    return new Loading(environment, notYet, checks).load(file);
  }
}
