package io.penstock.bench;

import io.penstock.core.rule.Facts;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Facts of a chat request of a user; the rest is the same for all. */
record UserFacts(String user, Map<String, String> metadata) implements Facts {
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
  public String region() {
    return "";
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
  public boolean stream() {
    return false;
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
  public int tools() {
    return 0;
  }

  @Override
  public int images() {
    return 0;
  }

  @Override
  public int turns() {
    return 1;
  }

  @Override
  public String text() {
    return "hi";
  }

  @Override
  public String system() {
    return "";
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
  public String endUser() {
    return "";
  }

  @Override
  public String key() {
    return "k-bench";
  }

  @Override
  public String session() {
    return "";
  }

  @Override
  public Map<String, String> headers() {
    return Map.of();
  }

  @Override
  public int hour() {
    return 12;
  }

  @Override
  public int weekday() {
    return 1;
  }

  @Override
  public double budget(String name) {
    return 0;
  }

  @Override
  public String task() {
    return "";
  }

  @Override
  public double complexity() {
    return 0;
  }

  @Override
  public @Nullable ResponseFacts response() {
    return null;
  }
}
