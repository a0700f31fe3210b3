package io.penstock.server.simulate;

import io.penstock.cache.CacheScope;
import io.penstock.core.identity.Principal;
import io.penstock.core.rule.Facts;
import io.penstock.server.call.CacheRules;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which answers the exact cache would hold. It starts empty and is never full. */
final class ReplayCache {
  private static final int SWEEP = 200_000;

  private final Policy.Caching policy;
  private final Scenario scenario;
  private final Map<String, Long> stored = new HashMap<>();
  private long longestTtl;

  ReplayCache(Policy.Caching policy, Scenario scenario) {
    this.policy = policy;
    this.scenario = scenario;
    policy.exact().forEach(rule -> longestTtl = Math.max(longestTtl, rule.ttlMillis()));
  }

  /** Returns the first rule that holds, or null. */
  CacheRules.@Nullable Rule rule(Facts facts) {
    for (CacheRules.Rule rule : policy.exact()) {
      if (rule.when().test(facts)) {
        return rule;
      }
    }
    return null;
  }

  /**
   * Returns what equal requests have in common, or "" when nothing tells. Where content was not
   * kept, requests of the same size to the same model may have been equal: at best they were.
   */
  String key(CacheRules.Rule rule, Recorded request, Principal principal) {
    Recorded.Question question = request.question();
    String content = question.content();
    if (content.isEmpty()) {
      if (scenario != Scenario.LEAST || question.usage() == null) {
        return "";
      }
      content = "size " + question.usage().inputTokens();
    }
    CacheScope scope = CacheScope.of(rule.scope(), principal);
    return scope.kind()
        + "\n"
        + scope.subject()
        + "\n"
        + question.endpoint()
        + "\n"
        + question.routed()
        + "\n"
        + content;
  }

  boolean holds(CacheRules.Rule rule, String key, long atMillis) {
    Long since = key.isEmpty() ? null : stored.get(key);
    return since != null && since <= atMillis && atMillis - since < rule.ttlMillis();
  }

  /** Keeps an answer from the moment at which it is whole, or for callers in flight at once. */
  void store(String key, long askedMillis, long wholeMillis) {
    if (key.isEmpty()) {
      return;
    }
    stored.put(key, policy.singleFlight() ? askedMillis : wholeMillis);
    if (stored.size() > SWEEP) {
      stored.values().removeIf(since -> askedMillis - since >= longestTtl);
    }
  }
}
