package io.penstock.server.config;

import io.penstock.core.rule.ConditionException;
import io.penstock.core.rule.Conditions;
import java.util.List;

/** Compiles every condition, so that what is wrong with one is told with its place. */
final class ConditionCheck {
  private ConditionCheck() {}

  static void check(List<Use> uses, Problems problems) {
    Conditions conditions = new Conditions();
    for (Use use : uses) {
      switch (use.meaning()) {
        case CONDITION -> check(conditions, use, Conditions.Kind.REQUEST, problems);
        case ANSWER_CONDITION -> check(conditions, use, Conditions.Kind.RESPONSE, problems);
        default -> {}
      }
    }
  }

  private static void check(
      Conditions conditions, Use use, Conditions.Kind kind, Problems problems) {
    try {
      conditions.compile(use.text(), kind);
    } catch (ConditionException e) {
      problems.error(use.mark(), use.where(), use.text(), String.valueOf(e.getMessage()));
    }
  }
}
