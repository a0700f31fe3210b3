package io.penstock.server.config.load;

/** Takes what is wrong with a configuration, by the keys that lead to it. */
public interface Report {
  /**
   * Adds a problem: the configuration is refused.
   *
   * @param value what is there; never a secret
   * @param expected what should be there
   * @param path names and list indices, such as {@code "models", "llama", "targets", 0}
   */
  void problem(String value, String expected, Object... path);

  /** Adds a warning, with the same parameters. */
  void warning(String value, String expected, Object... path);
}
