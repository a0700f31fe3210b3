package io.penstock.core.rule;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What every compiled condition knows of itself, however it is evaluated. */
abstract sealed class CompiledCondition implements Condition permits DirectCondition, CelCondition {
  private final String text;
  private final Set<String> variables;
  private final Set<String> budgets;
  private final @Nullable Set<Text> steadyTexts;
  private final List<Set<Clue>> clues;
  private final List<Part> parts;

  CompiledCondition(String text, Rewriter read, List<Set<Clue>> clues, List<Part> parts) {
    this.text = text;
    this.variables = read.variables();
    this.budgets = read.budgets();
    this.steadyTexts = read.steadyTexts();
    this.clues = clues;
    this.parts = parts;
  }

  @Override
  public final String text() {
    return text;
  }

  @Override
  public final Set<String> variables() {
    return variables;
  }

  @Override
  public final Set<String> budgets() {
    return budgets;
  }

  @Override
  public final List<Part> parts() {
    return parts;
  }

  /** Returns the texts that alone decide the outcome, or null when anything else does too. */
  final @Nullable Set<Text> steadyTexts() {
    return steadyTexts;
  }

  /** Returns sets of clues, of each of which one is true whenever the condition holds. */
  final List<Set<Clue>> clues() {
    return clues;
  }

  @Override
  public final String toString() {
    return text;
  }
}
