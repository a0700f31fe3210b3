package io.penstock.core.route;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The first rule that holds, fast. Conditions on identity, model, endpoint and metadata alone are
 * decided once per combination of these; of that, only the rules that may still be first are kept,
 * and per request only those that ask for anything else are evaluated. Thread-safe.
 */
final class RuleIndex {
  /** No rule holds. */
  static final int NONE = -1;

  private static final int MOST_REMEMBERED = 10_000;
  private static final Set<String> STEADY = steady();

  private record Who(
      String model,
      String endpoint,
      String team,
      String app,
      String user,
      String key,
      Map<String, String> metadata) {}

  private final List<RouteSpec.Rule> rules;
  private final boolean[] steadyRules;
  private final ConcurrentHashMap<Who, int[]> candidates = new ConcurrentHashMap<>();

  RuleIndex(List<RouteSpec.Rule> rules) {
    this.rules = rules;
    this.steadyRules = new boolean[rules.size()];
    for (int i = 0; i < steadyRules.length; i++) {
      steadyRules[i] = STEADY.containsAll(rules.get(i).when().variables());
    }
  }

  private static Set<String> steady() {
    Set<String> names = new HashSet<>(Condition.MEMOISABLE);
    names.add("metadata");
    return Set.copyOf(names);
  }

  /** Returns the index of the first rule that holds, or {@link #NONE}. */
  int first(Facts facts) {
    for (int i : candidates(facts)) {
      if (steadyRules[i] || rules.get(i).when().test(facts)) {
        return i;
      }
    }
    return NONE;
  }

  private int[] candidates(Facts facts) {
    Who who =
        new Who(
            facts.model(),
            facts.endpoint(),
            facts.team(),
            facts.app(),
            facts.user(),
            facts.key(),
            facts.metadata());
    int[] known = candidates.get(who);
    if (known != null) {
      return known;
    }
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < steadyRules.length; i++) {
      boolean holds = steadyRules[i] && rules.get(i).when().test(facts);
      if (holds || !steadyRules[i]) {
        found.add(i);
      }
      if (holds) {
        break;
      }
    }
    known = found.stream().mapToInt(Integer::intValue).toArray();
    if (candidates.size() >= MOST_REMEMBERED) {
      // Metadata comes from clients: start anew rather than grow with what they make up.
      candidates.clear();
    }
    candidates.put(withOwnMetadata(who), known);
    return known;
  }

  private static Who withOwnMetadata(Who who) {
    return new Who(
        who.model, who.endpoint, who.team, who.app, who.user, who.key, Map.copyOf(who.metadata));
  }
}
