package io.penstock.server.call;

import io.penstock.core.rule.ConditionIndex;
import io.penstock.core.rule.Facts;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When the semantic layer is asked. Immutable; part of a snapshot.
 *
 * @param rules in the order of the configuration; none: the layer is off
 * @param index of their conditions
 */
public record SemanticRules(List<SemanticRule> rules, ConditionIndex index) {
  /** No rule at all. */
  public static final SemanticRules NONE = new SemanticRules(List.of());

  /** Indexes the rules. */
  public SemanticRules(List<SemanticRule> rules) {
    this(List.copyOf(rules), new ConditionIndex(rules.stream().map(SemanticRule::when).toList()));
  }

  /** Returns the first rule that holds, or null. */
  public @Nullable SemanticRule match(Facts facts) {
    int first = index.first(facts);
    return first == ConditionIndex.NONE ? null : rules.get(first);
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
