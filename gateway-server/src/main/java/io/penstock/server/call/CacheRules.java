package io.penstock.server.call;

import io.penstock.cache.CacheScope;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.ConditionIndex;
import io.penstock.core.rule.Facts;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * When the exact cache is asked. Immutable; part of a snapshot.
 *
 * @param rules in the order of the configuration; none: nothing is cached
 * @param index of their conditions
 * @param longest the longest time to live of each scope's rules, milliseconds: they share entries
 * @param answerers what answers a route, by the route's configured name
 * @param singleFlight whether identical calls in flight wait for one
 */
public record CacheRules(
    List<Rule> rules,
    ConditionIndex index,
    Map<CacheScope.Kind, Long> longest,
    Map<String, Answerer> answerers,
    boolean singleFlight) {
  /** Indexes the rules. */
  public CacheRules(List<Rule> rules, Map<String, Answerer> answerers, boolean singleFlight) {
    this(
        List.copyOf(rules),
        new ConditionIndex(rules.stream().map(Rule::when).toList()),
        rules.stream()
            .collect(Collectors.toUnmodifiableMap(Rule::scope, Rule::ttlMillis, Math::max)),
        Map.copyOf(answerers),
        singleFlight);
  }

  /**
   * One rule.
   *
   * @param ttlMillis how old an answer may be
   * @param scope within whose calls it may be served again
   */
  public record Rule(Condition when, long ttlMillis, CacheScope.Kind scope) {}

  /**
   * What answers a route.
   *
   * @param digest of its configuration, of that of the routes that it leads to and of their
   *     providers
   * @param deciding what conditions along the way ask for beyond what the body says, such as who
   *     calls: equal bodies may go to different models, or want other answers
   */
  public record Answerer(String digest, List<Condition.Part> deciding) {
    public Answerer {
      deciding = List.copyOf(deciding);
    }
  }

  /** Returns the first rule that holds, or null. */
  public @Nullable Rule match(Facts facts) {
    int first = index.first(facts);
    return first == ConditionIndex.NONE ? null : rules.get(first);
  }

  /**
   * Returns how long an answer to a call of that rule is kept, milliseconds. Whoever finds it asks
   * for the age that his own rule allows.
   */
  public long keptMillis(Rule rule) {
    return Objects.requireNonNull(longest.get(rule.scope()));
  }

  /** Returns what tells apart who answers a call of a route that the configuration names. */
  public String fingerprint(String route, Facts facts) {
    Answerer known = answerers.get(route);
    if (known == null) {
      throw new IllegalStateException("no fingerprint of the route " + route);
    }
    if (known.deciding.isEmpty()) {
      return known.digest;
    }
    StringBuilder all = new StringBuilder(known.digest).append(' ');
    known.deciding.forEach(part -> all.append(part.of(facts)));
    return all.toString();
  }
}
