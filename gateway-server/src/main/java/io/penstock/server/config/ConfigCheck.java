package io.penstock.server.config;

/**
 * A check that needs more than the file: prices, conditions, certificates. Runs after the file has
 * been found sound in itself, off the event loops.
 */
@FunctionalInterface
public interface ConfigCheck {
  /** Looks at the configuration and tells the report what is wrong with it. */
  void check(Config config, Report report);
}
