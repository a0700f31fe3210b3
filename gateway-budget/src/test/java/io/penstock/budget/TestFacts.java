package io.penstock.budget;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Facts of an imagined request. */
final class TestFacts implements Facts {
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
  public String region() {
    return "";
  }

  @Override
  public long costNanos() {
    return 0;
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
    return 0;
  }

  @Override
  public long maxTokens() {
    return 0;
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
    return get("text");
  }

  @Override
  public String system() {
    return "";
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

  @Override
  public Map<String, String> headers() {
    return Map.of();
  }

  @Override
  public int hour() {
    return 0;
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
