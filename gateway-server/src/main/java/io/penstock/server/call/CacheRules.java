package io.penstock.server.call;

import io.penstock.cache.CacheScope;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When the exact cache is asked. Immutable; part of a snapshot.
 *
 * @param rules in the order of the configuration; none: nothing is cached
 * @param fingerprints a digest of what answers a route, by the route's configured name
 * @param singleFlight whether identical calls in flight wait for one
 */
public record CacheRules(List<Rule> rules, Map<String, String> fingerprints, boolean singleFlight) {
  public CacheRules {
    rules = List.copyOf(rules);
    fingerprints = Map.copyOf(fingerprints);
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
    for (Rule rule : rules) {
      if (rule.when().test(facts)) {
        return rule;
      }
    }
    return null;
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
