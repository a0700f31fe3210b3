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

  BudgetPage limits(Rules rules) {
    return new BudgetPage(
        states.stream()
            .map(s -> {
              Rule rule = rules.of(s.counter(), s.unit());
              long limit = rule == null ? -1 : rule.terms().limit();
              return new BudgetState(s.counter(), s.unit(), limit, s.spent(), s.held());
            })
            .toList(),
        next);
  }
}
