package io.penstock.server;

import io.penstock.cache.CacheScope;
import io.penstock.cache.semantic.FalseHitGate;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Conditions;
import io.penstock.server.call.HitRecord;
import io.penstock.server.call.SemanticRule;
import io.penstock.server.call.SemanticRules;
import io.penstock.server.config.CacheConfig.SemanticConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.Share;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules of the semantic layer as calls need them. */
final class SemanticMapping {
  private final Config config;
  private final Conditions conditions;

  SemanticMapping(Config config, Conditions conditions) {
    this.config = config;
    this.conditions = conditions;
  }

  /**
   * Returns the rules; one that reads as before keeps what its checks have shown.
   *
   * @throws IllegalArgumentException when a condition is wrong
   */
  SemanticRules rules(SemanticRules before) {
    List<SemanticRule> rules = new ArrayList<>();
    for (SemanticConfig rule : config.cache().semantic()) {
      String path = "cache.semantic[" + rules.size() + "]";
      Condition when = condition(path + ".when", rule.when(), Conditions.Kind.REQUEST);
      Condition storeIf = condition(path + ".store_if", rule.storeIf(), Conditions.Kind.RESPONSE);
      SemanticRule.Terms terms = terms("semantic[" + rules.size() + "]", rule);
      if (!rule.embedder().equals(SemanticRule.BUILTIN)) {
        throw new IllegalArgumentException(
            path + ".embedder: " + rule.embedder() + " (expected: builtin; others not yet)");
      }
      HitRecord known = before.recordOf(terms);
      rules.add(
          new SemanticRule(
              terms, when, storeIf, known == null ? new HitRecord(gate(rule)) : known));
    }
    return new SemanticRules(rules);
  }

  private Condition condition(String path, @Nullable String text, Conditions.Kind kind) {
    return CacheMapping.condition(conditions, path, text, kind);
  }

  private static SemanticRule.Terms terms(String name, SemanticConfig rule) {
    return new SemanticRule.Terms(
        name,
        String.valueOf(rule.when()),
        rule.ttl().toMillis(),
        CacheScope.Kind.valueOf(rule.scope().name()),
        rule.embedder(),
        rule.threshold() == null ? "max_false_hits " + rule.maxFalseHits() : "" + rule.threshold(),
        rule.verify().value(),
        rule.serve());
  }

  private static FalseHitGate gate(SemanticConfig rule) {
    double verify = rule.verify().value();
    Double threshold = rule.threshold();
    Share bound = rule.maxFalseHits();
    if (threshold != null) {
      return FalseHitGate.fixed(threshold, verify);
    }
    if (bound == null) {
      throw new IllegalStateException("a rule has a threshold or a bound");
    }
    return FalseHitGate.following(bound.value(), verify);
  }
}
