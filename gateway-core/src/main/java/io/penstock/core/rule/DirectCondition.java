package io.penstock.core.rule;

import java.util.Set;
import java.util.function.Predicate;

/** A condition of a common shape, evaluated without CEL's interpreter: see {@link Shapes}. */
final class DirectCondition implements Condition {
  private final String text;
  private final Set<String> variables;
  private final Set<String> budgets;
  private final Predicate<Facts> test;

  DirectCondition(Rewriter read, String text, Predicate<Facts> test) {
    this.text = text;
    this.variables = read.variables();
    this.budgets = read.budgets();
    this.test = test;
  }

  @Override
  public boolean test(Facts facts) {
    return test.test(facts);
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public Set<String> variables() {
    return variables;
  }

  @Override
  public Set<String> budgets() {
    return budgets;
  }

  @Override
  public String toString() {
    return text;
  }
}
