package io.penstock.core.rule;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Facts that a test sets by name. */
public final class TestFacts implements Facts {
  private final Map<String, Object> values = new HashMap<>();
  private final Map<String, String> metadata = new HashMap<>();
  private final Map<String, String> headers = new HashMap<>();
  private final Map<String, Double> budgets = new HashMap<>();
  private @Nullable ResponseFacts response;

  public TestFacts set(String name, Object value) {
    values.put(name, value);
    return this;
  }

  public TestFacts metadata(String name, String value) {
    metadata.put(name, value);
    return this;
  }

  public TestFacts header(String name, String value) {
    headers.put(name, value);
    return this;
  }

  public TestFacts budget(String name, double share) {
    budgets.put(name, share);
    return this;
  }

  public TestFacts response(ResponseFacts answer) {
    response = answer;
    return this;
  }

  private String word(String name) {
    return (String) values.getOrDefault(name, "");
  }

  private long number(String name) {
    return ((Number) values.getOrDefault(name, 0L)).longValue();
  }

  @Override
  public String model() {
    return word("model");
  }

  @Override
  public String target() {
    return word("target");
  }

  @Override
  public String provider() {
    return word("provider");
  }

  @Override
  public String region() {
    return word("region");
  }

  @Override
  public long costNanos() {
    return number("cost_nanos");
  }

  @Override
  public String endpoint() {
    return word("endpoint");
  }

  @Override
  public boolean stream() {
    return (boolean) values.getOrDefault("stream", false);
  }

  @Override
  public long tokens() {
    return number("tokens");
  }

  @Override
  public long maxTokens() {
    return number("max_tokens");
  }

  @Override
  public int tools() {
    return (int) number("tools");
  }

  @Override
  public int images() {
    return (int) number("images");
  }

  @Override
  public int turns() {
    return (int) number("turns");
  }

  @Override
  public String text() {
    return word("text");
  }

  @Override
  public String system() {
    return word("system");
  }

  @Override
  public String team() {
    return word("team");
  }

  @Override
  public String app() {
    return word("app");
  }

  @Override
  public String user() {
    return word("user");
  }

  @Override
  public String endUser() {
    return word("end_user");
  }

  @Override
  public String key() {
    return word("key");
  }

  @Override
  public String session() {
    return word("session");
  }

  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public Map<String, String> headers() {
    return headers;
  }

  @Override
  public int hour() {
    return (int) number("hour");
  }

  @Override
  public int weekday() {
    return (int) number("weekday");
  }

  @Override
  public double budget(String name) {
    return budgets.getOrDefault(name, 0.0);
  }

  @Override
  public String task() {
    return word("task");
  }

  @Override
  public double complexity() {
    return ((Number) values.getOrDefault("complexity", 0.0)).doubleValue();
  }

  @Override
  public @Nullable ResponseFacts response() {
    return response;
  }
}
