package io.penstock.bench;

/** Makes a scenario's configuration large: what a request costs must not depend on it. */
final class Many {
  private Many() {}

  /**
   * Returns the configuration with that many more keys, budgets and rules, on identity, model and
   * metadata, before its own. None of them matches the load.
   */
  static String of(String yaml, int count) {
    StringBuilder keys = new StringBuilder("\nkeys:\n");
    StringBuilder budgets = new StringBuilder("\nbudgets:\n");
    StringBuilder rules = new StringBuilder("\n    rules:\n");
    for (int i = 0; i < count; i++) {
      keys.append(
          "  - { id: k-%d, sha256: [\"%064x\"], team: bench, app: a%d }%n".formatted(i, i, i));
      budgets.append(
          "  - { name: b-%d, when: '%s', limit: 10 USD, every: day }%n".formatted(i, when(i)));
      rules.append("      - { if: '%s', use: mock/gpt-4o }%n".formatted(when(i)));
    }
    return insert(insert(insert(yaml, keys), budgets), rules);
  }

  private static String when(int i) {
    return switch (i % 3) {
      case 0 -> "app == \"a" + i + "\"";
      case 1 -> "model == \"m" + i + "\" && user == \"u" + i + "\"";
      default -> "metadata.project == \"p" + i + "\"";
    };
  }

  /** The insertion begins with the line that it follows. */
  private static String insert(String yaml, CharSequence lines) {
    String all = lines.toString();
    String anchor = all.substring(0, all.indexOf('\n', 1) + 1);
    if (!yaml.contains(anchor)) {
      throw new IllegalArgumentException("no line " + anchor.strip() + " to add to");
    }
    return yaml.replace(anchor, all);
  }
}
