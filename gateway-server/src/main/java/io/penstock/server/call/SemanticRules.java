package io.penstock.server.call;

import io.penstock.core.rule.Facts;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When the semantic layer is asked. Immutable; part of a snapshot.
 *
 * @param rules in the order of the configuration; none: the layer is off
 */
public record SemanticRules(List<SemanticRule> rules) {
  /** No rule at all. */
  public static final SemanticRules NONE = new SemanticRules(List.of());

  public SemanticRules {
    rules = List.copyOf(rules);
  }

  /** Returns the first rule that holds, or null. */
  @Nullable SemanticRule match(Facts facts) {
    for (SemanticRule rule : rules) {
      if (rule.when().test(facts)) {
        return rule;
      }
    }
    return null;
  }

  /** Returns what is known of the hits of a rule that reads like this, or null. */
  public @Nullable HitRecord recordOf(SemanticRule.Terms terms) {
    for (SemanticRule rule : rules) {
      if (rule.terms().equals(terms)) {
        return rule.record();
      }
    }
    return null;
  }
}
