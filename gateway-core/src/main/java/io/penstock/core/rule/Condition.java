package io.penstock.core.rule;

import java.util.List;
import java.util.Set;

/** A compiled condition. Immutable, thread-safe, without side effects. */
public interface Condition {
  /** Holds for every request: what a missing {@code when} means. */
  Condition ALWAYS =
      new Condition() {
        @Override
        public boolean test(Facts facts) {
          return true;
        }

        @Override
        public String text() {
          return "true";
        }

        @Override
        public Set<String> variables() {
          return Set.of();
        }
      };

  /**
   * Returns whether the condition holds. A condition that fails while it runs (division by zero,
   * cost limit) does not hold; it is counted, never thrown.
   */
  boolean test(Facts facts);

  /** Returns the source text. */
  String text();

  /** Returns the names of the variables that the condition reads, such as {@code target}. */
  Set<String> variables();

  /** Returns the names of the budgets that the condition asks for, to be checked at load. */
  default Set<String> budgets() {
    return Set.of();
  }

  /**
   * Returns what an {@code accept} depends on besides the answer and the target: two requests that
   * are alike in all of these accept the same answers of a target. None for a {@code when}.
   */
  default List<Part> parts() {
    return List.of();
  }

  /** Something that a condition asks of the request alone. Immutable, thread-safe. */
  interface Part {
    /** Returns the names of the variables that it reads; at least one. */
    Set<String> variables();

    /** Returns its value for a request; values of one part that differ have different texts. */
    String of(Facts facts);
  }

  /** Returns whether the outcome depends on the target that is tried. */
  default boolean dependsOnTarget() {
    Set<String> read = variables();
    return read.contains("target")
        || read.contains("provider")
        || read.contains("region")
        || read.contains("cost");
  }

  /**
   * Returns whether the outcome is decided by identity, model and endpoint alone, so that it may be
   * remembered for the next request of the same kind.
   */
  default boolean isMemoisable() {
    return MEMOISABLE.containsAll(variables());
  }

  /** The variables that {@link #isMemoisable()} allows. */
  Set<String> MEMOISABLE =
      Set.of("model", "target", "provider", "region", "endpoint", "team", "app", "user", "key");
}
