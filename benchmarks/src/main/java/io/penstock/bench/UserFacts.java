package io.penstock.bench;

import io.penstock.core.rule.SparseFacts;
import java.util.Map;

/** Facts of a chat request of a user; the rest is the same for all. */
record UserFacts(String user, Map<String, String> metadata) implements SparseFacts {
  UserFacts(String user) {
    this(user, Map.of());
  }

  @Override
  public String model() {
    return "gpt-4o-mini";
  }

  @Override
  public String target() {
    return "openai/gpt-4o-mini";
  }

  @Override
  public String provider() {
    return "openai";
  }

  @Override
  public long costNanos() {
    return 1_000_000;
  }

  @Override
  public String endpoint() {
    return "chat";
  }

  @Override
  public long tokens() {
    return 1_000;
  }

  @Override
  public long maxTokens() {
    return 1_000;
  }

  @Override
  public String text() {
    return "hi";
  }

  @Override
  public String team() {
    return "engineering";
  }

  @Override
  public String app() {
    return "bench";
  }

  @Override
  public String key() {
    return "k-bench";
  }
}
