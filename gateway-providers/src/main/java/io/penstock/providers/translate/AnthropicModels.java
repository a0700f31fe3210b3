package io.penstock.providers.translate;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the name of a Claude model says about what it takes. Stateless. */
public final class AnthropicModels {
  private static final Pattern VERSION =
      Pattern.compile("claude-(?:[a-z]+-)?(\\d+)(?:[-.](\\d{1,2}))?(?!\\d)");

  private AnthropicModels() {}

  /** Whether answers can be bound to a schema and tools be strict (from 4.1 on). */
  static boolean bindsSchemas(String model) {
    Matcher version = VERSION.matcher(model);
    return !version.find() || atLeast(version, 4, 1);
  }

  /** Returns whether thinking takes a token budget (before 4.6) instead of an effort. */
  public static boolean thinksByBudget(String model) {
    Matcher version = VERSION.matcher(model);
    if (!version.find()) {
      return false;
    }
    return !atLeast(version, 4, 6);
  }

  /** Whether it cannot be told not to think. */
  static boolean alwaysThinks(String model) {
    return model.contains("claude-fable") || model.contains("claude-mythos");
  }

  /** Whether xhigh is among its efforts (from 4.7 on). */
  static boolean takesXhigh(String model) {
    Matcher version = VERSION.matcher(model);
    return !version.find() || atLeast(version, 4, 7);
  }

  /** Whether it refuses temperature, top_p and top_k but at their defaults (from 4.7 on). */
  static boolean samplesByItself(String model) {
    Matcher version = VERSION.matcher(model);
    return alwaysThinks(model) || (version.find() && atLeast(version, 4, 7));
  }

  /** Whether it refuses temperature and top_p together (from 4.1 on). */
  static boolean samplesOneWay(String model) {
    Matcher version = VERSION.matcher(model);
    return version.find() && atLeast(version, 4, 1);
  }

  private static boolean atLeast(Matcher version, int major, int minor) {
    int first = Integer.parseInt(version.group(1));
    int second = version.group(2) == null ? 0 : Integer.parseInt(version.group(2));
    return first > major || (first == major && second >= minor);
  }
}
