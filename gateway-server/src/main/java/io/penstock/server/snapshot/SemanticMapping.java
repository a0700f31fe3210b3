package io.penstock.server.snapshot;

import io.penstock.cache.CacheScope;
import io.penstock.cache.semantic.FalseHitGate;
import io.penstock.core.Endpoint;
import io.penstock.core.price.PricedModel;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Conditions;
import io.penstock.server.call.HitRecord;
import io.penstock.server.call.SemanticRule;
import io.penstock.server.call.SemanticRules;
import io.penstock.server.config.CacheConfig.SemanticConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.value.Share;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.targets.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The rules of the semantic layer as calls need them. */
final class SemanticMapping {
  private static final String EMBEDDING = "embedding";

  private final Config config;
  private final Conditions conditions;
  private final CacheMapping exact;
  private final Targets targets;
  private final BiFunction<String, String, @Nullable PricedModel> listed;

  /**
   * Prepares it.
   *
   * @param exact knows what a provider's configuration comes to
   * @param targets finds embedders
   * @param listed the catalogue's price of a provider's model; null when it has none of its own
   */
  SemanticMapping(
      Config config,
      Conditions conditions,
      CacheMapping exact,
      Targets targets,
      BiFunction<String, String, @Nullable PricedModel> listed) {
    this.config = config;
    this.conditions = conditions;
    this.exact = exact;
    this.targets = targets;
    this.listed = listed;
  }

  /**
   * Returns the rules; one that reads as before keeps what its checks have shown.
   *
   * @throws IllegalArgumentException when a condition is wrong, or an embedder none
   */
  SemanticRules rules(SemanticRules before) {
    List<SemanticRule> rules = new ArrayList<>();
    for (SemanticConfig rule : config.cache().semantic()) {
      String path = "cache.semantic[" + rules.size() + "]";
      Condition when = condition(path + ".when", rule.when(), Conditions.Kind.REQUEST);
      Condition storeIf = condition(path + ".store_if", rule.storeIf(), Conditions.Kind.RESPONSE);
      SemanticRule.Terms terms = terms("semantic[" + rules.size() + "]", rule);
      HitRecord known = before.recordOf(terms);
      rules.add(
          new SemanticRule(
              terms,
              when,
              storeIf,
              embedder(path + ".embedder", rule.embedder()),
              known == null ? new HitRecord(gate(rule)) : known));
    }
    return new SemanticRules(rules);
  }

  /**
   * Finds who embeds. A provider's vectors are another space as soon as anything about the provider
   * changes: nobody knows what listens at another address.
   */
  private SemanticRule.Embedder embedder(String path, String name) {
    if (name.equals(SemanticRule.BUILTIN)) {
      return SemanticRule.Embedder.OF_THIS_PROCESS;
    }
    int slash = name.indexOf('/');
    TargetRuntime target = targets.find(name.substring(0, slash), name.substring(slash + 1));
    if (target != null) {
      requireEmbedder(path, target);
    }
    String space = name + "\n" + exact.fingerprint(name);
    return new SemanticRule.Embedder(space, true, target);
  }

  private void requireEmbedder(String path, TargetRuntime target) {
    PricedModel known = listed.apply(target.provider().name(), target.model());
    if (!target.provider().provider().serves(Endpoint.EMBEDDINGS)) {
      throw new IllegalArgumentException(
          "%s: %s: the dialect %s has no embeddings (expected: builtin, or a provider that has)"
              .formatted(path, target.label(), target.provider().dialect().label()));
    }
    if (!target.price().isPriced()) {
      throw new IllegalArgumentException(
          path
              + ": "
              + target.label()
              + " has no price (expected: a model of the catalogue, an entry in prices.files,"
              + " `free: true`, or another prices.unknown)");
    }
    if (known != null && !known.kind().equals(EMBEDDING)) {
      throw new IllegalArgumentException(
          "%s: %s is of the kind %s (expected: embedding; where its price is given, kind says so)"
              .formatted(path, target.label(), known.kind()));
    }
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
