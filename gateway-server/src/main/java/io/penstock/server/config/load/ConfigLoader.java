package io.penstock.server.config.load;

import java.nio.file.Path;
import java.util.Map;

/**
 * Reads a configuration: all problems at once, each with its line. Immutable and thread-safe; reads
 * files, so never on an event loop.
 */
public final class ConfigLoader {
  private final Map<String, String> environment;

  /**
   * Creates a loader.
   *
   * @param environment what {@code ${NAME}} means
   */
  public ConfigLoader(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** Reads the file and what it includes. A file that is not there is a problem, not an error. */
  public LoadResult load(Path file) {
    return new Loading(environment, false).load(file);
  }

  /**
   * Reads the file as {@link #load} does and compiles every condition, which else is left to
   * whoever uses the configuration.
   */
  public LoadResult check(Path file) {
    return new Loading(environment, true).load(file);
  }
}
