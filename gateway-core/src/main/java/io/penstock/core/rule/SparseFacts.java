package io.penstock.core.rule;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Facts of which little is known: each is absent until it is overridden. For requests that are only
 * imagined; those of a real one implement {@link Facts}, so that none of them is forgotten.
 */
public interface SparseFacts extends Facts {
  @Override
  default String model() {
    return "";
  }

  @Override
  default String target() {
    return "";
  }

  @Override
  default String provider() {
    return "";
  }

  @Override
  default String region() {
    return "";
  }

  @Override
  default long costNanos() {
    return 0;
  }

  @Override
  default String endpoint() {
    return "";
  }

  @Override
  default boolean stream() {
    return false;
  }

  @Override
  default long tokens() {
    return 0;
  }

  @Override
  default long maxTokens() {
    return 0;
  }

  @Override
  default int tools() {
    return 0;
  }

  @Override
  default int images() {
    return 0;
  }

  @Override
  default int turns() {
    return 0;
  }

  @Override
  default String text() {
    return "";
  }

  @Override
  default String system() {
    return "";
  }

  @Override
  default String team() {
    return "";
  }

  @Override
  default String app() {
    return "";
  }

  @Override
  default String user() {
    return "";
  }

  @Override
  default String endUser() {
    return "";
  }

  @Override
  default String key() {
    return "";
  }

  @Override
  default String session() {
    return "";
  }

  @Override
  default Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  default Map<String, String> headers() {
    return Map.of();
  }

  @Override
  default int hour() {
    return 0;
  }

  @Override
  default int weekday() {
    return 1;
  }

  @Override
  default double budget(String name) {
    return 0;
  }

  @Override
  default String task() {
    return "";
  }

  @Override
  default double complexity() {
    return 0;
  }

  @Override
  default @Nullable ResponseFacts response() {
    return null;
  }
}
