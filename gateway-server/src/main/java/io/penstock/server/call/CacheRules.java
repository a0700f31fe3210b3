package io.penstock.server.call;

import io.penstock.cache.CacheScope;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.ConditionIndex;
import io.penstock.core.rule.Facts;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When the exact cache is asked. Immutable; part of a snapshot.
 *
 * @param rules in the order of the configuration; none: nothing is cached
 * @param index of their conditions
 * @param fingerprints a digest of what answers a route, by the route's configured name
 * @param singleFlight whether identical calls in flight wait for one
 */
public record CacheRules(
    List<Rule> rules,
    ConditionIndex index,
    Map<String, String> fingerprints,
    boolean singleFlight) {
  /** Indexes the rules. */
  public CacheRules(List<Rule> rules, Map<String, String> fingerprints, boolean singleFlight) {
    this(
        List.copyOf(rules),
        new ConditionIndex(rules.stream().map(Rule::when).toList()),
        Map.copyOf(fingerprints),
        singleFlight);
  }

  /**
   * One rule.
   *
   * @param ttlMillis how old an answer may be
   * @param scope within whose calls it may be served again
   */
  public record Rule(Condition when, long ttlMillis, CacheScope.Kind scope) {}

  /** Returns the first rule that holds, or null. */
  @Nullable Rule match(Facts facts) {
    int first = index.first(facts);
    return first == ConditionIndex.NONE ? null : rules.get(first);
  }

  /** Returns the digest of a route that the configuration names. */
  String fingerprint(String route) {
    String known = fingerprints.get(route);
    if (known == null) {
      throw new IllegalStateException("no fingerprint of the route " + route);
    }
    return known;
  }
}
