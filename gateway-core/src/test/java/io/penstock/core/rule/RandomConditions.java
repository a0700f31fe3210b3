package io.penstock.core.rule;

import java.util.List;
import java.util.Random;

/** Seeded conditions of the common shapes, and facts on which they differ. */
final class RandomConditions {
  private static final List<String> WORDS = List.of("", "a", "ab", "abc", "b", "openai/a");
  private static final List<String> TEXTS =
      List.of("model", "team", "app", "task", "metadata.x", "metadata['y']", "headers['h']");
  private static final List<String> COUNTS = List.of("tokens", "max_tokens", "tools", "hour");
  private static final List<String> SHARES = List.of("complexity", "cost", "budget['m']");
  private static final List<String> ORDERS = List.of("<", "<=", ">", ">=");

  private RandomConditions() {}

  static String condition(Random random, int depth) {
    int shape = random.nextInt(depth > 0 ? 9 : 6);
    return switch (shape) {
      case 0 -> equality(random);
      case 1 -> of(random, TEXTS) + " in [" + literal(random) + ", " + literal(random) + "]";
      case 2 -> of(random, TEXTS) + "." + search(random) + "(" + text(random) + ")";
      case 3 -> of(random, COUNTS) + " " + of(random, ORDERS) + " " + random.nextInt(-2, 4);
      case 4 -> of(random, SHARES) + " " + of(random, ORDERS) + " " + random.nextInt(0, 10) / 10.0;
      case 5 -> random.nextBoolean() ? "stream" : of(random, COUNTS) + " == " + random.nextInt(4);
      case 6 -> "!(" + condition(random, depth - 1) + ")";
      case 7 -> "(" + condition(random, depth - 1) + " && " + condition(random, depth - 1) + ")";
      default -> "(" + condition(random, depth - 1) + " || " + condition(random, depth - 1) + ")";
    };
  }

  static Facts facts(Random random) {
    TestFacts facts =
        new TestFacts()
            .set("model", of(random, WORDS))
            .set("team", of(random, WORDS))
            .set("app", of(random, WORDS))
            .set("task", of(random, WORDS))
            .set("tokens", random.nextInt(4))
            .set("max_tokens", random.nextInt(4))
            .set("tools", random.nextInt(4))
            .set("hour", random.nextInt(4))
            .set("complexity", random.nextInt(10) / 10.0)
            .set("cost_nanos", random.nextInt(10) * 100_000_000L)
            .set("stream", random.nextBoolean())
            .budget("m", random.nextInt(10) / 10.0);
    if (random.nextBoolean()) {
      facts.metadata("x", of(random, WORDS)).metadata("y", of(random, WORDS));
    }
    return random.nextBoolean() ? facts.header("h", of(random, WORDS)) : facts;
  }

  private static String equality(Random random) {
    String operator = random.nextBoolean() ? " == " : " != ";
    String text = of(random, TEXTS);
    String other = text(random);
    return random.nextBoolean() ? text + operator + other : other + operator + text;
  }

  private static String search(Random random) {
    return of(random, List.of("startsWith", "endsWith", "contains"));
  }

  private static String text(Random random) {
    return random.nextInt(4) == 0 ? of(random, TEXTS) : literal(random);
  }

  private static String literal(Random random) {
    return "'" + of(random, WORDS) + "'";
  }

  private static String of(Random random, List<String> words) {
    return words.get(random.nextInt(words.size()));
  }
}
