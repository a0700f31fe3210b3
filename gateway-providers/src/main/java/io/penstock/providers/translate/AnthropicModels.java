package io.penstock.providers.translate;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the name of a Claude model says about how it thinks. */
final class AnthropicModels {
  private static final Pattern VERSION =
      Pattern.compile("claude-(?:[a-z]+-)?(\\d+)(?:[-.](\\d{1,2}))?(?!\\d)");

  private AnthropicModels() {}

  /** Whether thinking takes a token budget (before 4.6) instead of an effort. */
  static boolean thinksByBudget(String model) {
    Matcher version = VERSION.matcher(model);
    if (!version.find()) {
      return false;
    }
    int major = Integer.parseInt(version.group(1));
    int minor = version.group(2) == null ? 0 : Integer.parseInt(version.group(2));
    return major < 4 || (major == 4 && minor < 6);
  }
}
