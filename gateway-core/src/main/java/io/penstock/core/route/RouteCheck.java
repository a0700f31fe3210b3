package io.penstock.core.route;

import io.penstock.core.rule.Condition;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks routes at load and says everything that is wrong with them. */
final class RouteCheck {
  private final RouteTable table;
  private final List<Problem> problems;

  RouteCheck(RouteTable table, List<Problem> problems) {
    this.table = table;
    this.problems = problems;
  }

  void check(Map<String, RouteSpec> models) {
    models.forEach(this::checkRoute);
    for (String name : models.keySet()) {
      findCycle(name, name, new ArrayDeque<>(), new HashSet<>());
    }
  }

  private void checkRoute(String name, RouteSpec spec) {
    String path = "models." + name;
    List<TargetSpec> targets = spec.targets();
    if (targets.isEmpty()) {
      add(path, "has no target (expected: at least one)");
    }
    String list = spec instanceof RouteSpec.Rules ? ".rules[%d].use" : ".targets[%d]";
    for (int i = 0; i < targets.size(); i++) {
      checkTarget(path + list.formatted(i), name, targets.get(i));
    }
    switch (spec) {
      case RouteSpec.Weighted weighted -> checkWeights(path, weighted);
      case RouteSpec.Complexity complexity -> checkThresholds(path, complexity);
      case RouteSpec.Cost cost -> checkQualities(path, cost);
      case RouteSpec.Rules rules -> checkRules(path, rules);
      default -> {}
    }
    checkOptions(path, spec.options());
  }

  private void checkTarget(String path, String name, TargetSpec target) {
    String model = target.model();
    if (model.contains("*") && !name.endsWith("*")) {
      add(path, model + " (expected: a name without *, as the route's own name has none)");
    }
    checkName(path, model);
  }

  private void checkName(String path, String model) {
    if (table.providerOf(model) == null && table.nested(model) == null) {
      add(path, model + " is unknown (expected: provider/model or the name of another model)");
    }
  }

  private void checkWeights(String path, RouteSpec.Weighted spec) {
    double sum = 0;
    for (TargetSpec target : spec.targets()) {
      if (!(target.weight() >= 0) || Double.isInfinite(target.weight())) {
        add(path, "weight " + target.weight() + " of " + target.model() + " (expected: >= 0)");
      }
      sum += target.weight();
    }
    if (sum == 0) {
      add(path, "weights sum to 0 (expected: at least one above 0)");
    }
  }

  private void checkThresholds(String path, RouteSpec.Complexity spec) {
    if (!Double.isNaN(spec.strong()) && !(spec.strong() >= 0 && spec.strong() <= 1)) {
      add(path + ".strong", spec.strong() + " (expected: a share from 0% to 100%)");
    }
    double last = 0;
    for (int i = 0; i < spec.targets().size(); i++) {
      double upto = spec.targets().get(i).upto();
      boolean end = i == spec.targets().size() - 1;
      String at = path + ".targets[%d].upto".formatted(i);
      if (Double.isNaN(upto)) {
        if (!end && Double.isNaN(spec.strong())) {
          add(at, "is missing (expected: on all but the last target, or `strong`)");
        }
      } else if (upto <= last || upto > 1) {
        add(at, "%s after %s (expected: rising, above 0, at most 1)".formatted(upto, last));
      } else if (end && upto < 1) {
        add(at, upto + " leaves prompts above it without a target (expected: none on the last)");
      }
      last = Double.isNaN(upto) ? last : upto;
    }
  }

  private void checkQualities(String path, RouteSpec.Cost spec) {
    if (spec.minQuality() > 0
        && spec.targets().stream().noneMatch(t -> t.quality() >= spec.minQuality())) {
      add(path + ".min_quality", spec.minQuality() + " (expected: a target of that quality)");
    }
  }

  private void checkRules(String path, RouteSpec.Rules spec) {
    for (int i = 0; i < spec.rules().size(); i++) {
      Condition when = spec.rules().get(i).when();
      String at = path + ".rules[%d].if".formatted(i);
      if (when.dependsOnTarget()) {
        add(at, when.text() + " reads the target (expected: facts of the request alone)");
      }
      if (when.equals(Condition.ALWAYS) && i < spec.rules().size() - 1) {
        add(at, "always holds, so that later rules are never reached (expected: only the last)");
      }
    }
  }

  private void checkOptions(String path, RouteOptions options) {
    if (options.baseline() != null) {
      checkName(path + ".baseline", options.baseline());
    }
    if (options.shadow() != null) {
      checkName(path + ".shadow.model", options.shadow().model());
    }
  }

  /** Reports the cycle that the route of that name is on, once per route on it. */
  private void findCycle(String start, String name, Deque<String> way, Set<String> seen) {
    way.addLast(name);
    RouteTable.Found found = table.find(name);
    List<TargetSpec> targets = found == null ? List.of() : found.spec().targets();
    for (TargetSpec target : targets) {
      String next = target.model();
      if (table.nested(next) == null) {
        continue;
      }
      if (next.equals(start)) {
        String cycle = String.join(" -> ", way) + " -> " + start;
        add("models." + start, "leads back to itself: " + cycle + " (expected: an end)");
      } else if (seen.add(next)) {
        findCycle(start, next, way, seen);
      }
    }
    way.removeLast();
  }

  private void add(String path, String reason) {
    problems.add(new Problem(path, reason));
  }
}
