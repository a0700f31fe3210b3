package io.penstock.budget;

import java.util.List;

/**
 * A page of counters.
 *
 * @param next the cursor of the next page; "" when this is the last
 */
public record BudgetPage(List<BudgetState> states, String next) {
  public BudgetPage {
    states = List.copyOf(states);
  }

  /**
   * Returns the place a cursor names, an unsigned number; 0 for "".
   *
   * @throws IllegalArgumentException when no page can have given it
   */
  static long place(String cursor) {
    try {
      return cursor.isEmpty() ? 0 : Long.parseUnsignedLong(cursor);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "cursor: " + cursor + " (expected: the next of the page before, none for the first)", e);
    }
  }

  /** Returns what the store has, as this replica knows it better. */
  BudgetPage seen(Rules rules, Slices slices) {
    return new BudgetPage(states.stream().map(s -> seen(s, rules, slices)).toList(), next);
  }

  private static BudgetState seen(BudgetState s, Rules rules, Slices slices) {
    // None for a counter of what the budget was before a reload: no limit is in force for it. A
    // store that heard of a counter from the ledger alone does not know its unit.
    Rule rule = rules.meaning(s.counter());
    Limit.Unit unit = rule == null ? s.unit() : rule.shape.unit();
    long limit = rule == null ? -1 : rule.terms().limit();
    Counter c = slices.find(s.counter().id());
    if (c == null) {
      return new BudgetState(s.counter(), unit, limit, s.spent(), s.held());
    }
    // What lies free here is no call's, and what was settled since the last move is spent.
    long untold = c.untold();
    long held = Math.max(0, s.held() - Math.max(0, c.free()) - untold);
    return new BudgetState(s.counter(), unit, limit, s.spent() + untold, held);
  }
}
