package io.penstock.core.rule;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** A condition of a common shape, evaluated without CEL's interpreter: see {@link Shapes}. */
final class DirectCondition extends CompiledCondition {
  private final Predicate<Facts> test;

  DirectCondition(
      String text, Rewriter read, List<Set<Clue>> clues, List<Part> parts, Predicate<Facts> test) {
    super(text, read, clues, parts);
    this.test = test;
  }

  @Override
  public boolean test(Facts facts) {
    return test.test(facts);
  }
}
