package io.penstock.budget;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import io.penstock.core.rule.SparseFacts;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Facts of an imagined request. */
final class TestFacts implements SparseFacts {
  private final Map<String, String> values = new HashMap<>();
  private final Map<String, String> metadata = new HashMap<>();

  static TestFacts user(String user) {
    return new TestFacts().with("user", user).with("team", "t").with("key", "k-" + user);
  }

  TestFacts with(String name, String value) {
    (name.startsWith("metadata.") ? metadata : values)
        .put(name.startsWith("metadata.") ? name.substring(9) : name, value);
    return this;
  }

  /** A condition on facts, with the variables that it claims to read. */
  static Condition when(Predicate<Facts> test, String... variables) {
    return new Condition() {
      @Override
      public boolean test(Facts facts) {
        return test.test(facts);
      }

      @Override
      public String text() {
        return String.join(",", variables);
      }

      @Override
      public Set<String> variables() {
        return Set.of(variables);
      }
    };
  }

  private String get(String name) {
    return values.getOrDefault(name, "");
  }

  @Override
  public String model() {
    return get("model");
  }

  @Override
  public String target() {
    return get("target");
  }

  @Override
  public String provider() {
    return get("provider");
  }

  @Override
  public String endpoint() {
    return "chat";
  }

  @Override
  public String text() {
    return get("text");
  }

  @Override
  public String team() {
    return get("team");
  }

  @Override
  public String app() {
    return get("app");
  }

  @Override
  public String user() {
    return get("user");
  }

  @Override
  public String endUser() {
    return get("end_user");
  }

  @Override
  public String key() {
    return get("key");
  }

  @Override
  public String session() {
    return get("session");
  }

  @Override
  public Map<String, String> metadata() {
    return metadata;
  }
}
