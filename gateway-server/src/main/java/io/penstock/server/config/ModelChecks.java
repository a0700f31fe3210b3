package io.penstock.server.config;

import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.RouterFile;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Values;
import io.penstock.server.config.value.Word.Strategy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What each strategy needs. */
final class ModelChecks {
  private ModelChecks() {}

  static void check(
      Strategy strategy,
      List<TargetConfig> targets,
      List<RuleConfig> rules,
      @Nullable Share strong) {
    if (strategy == Strategy.RULES) {
      checkRules(targets, rules);
      return;
    }
    if (!rules.isEmpty()) {
      throw new InvalidValue("rules", "a list", "none with strategy " + Values.word(strategy));
    }
    if (targets.isEmpty()) {
      throw new InvalidValue("targets", "[]", "at least one target");
    }
    if (strategy == Strategy.PLAIN && targets.size() > 1) {
      throw new InvalidValue("strategy", "plain", "another with " + targets.size() + " targets");
    }
    if (strategy == Strategy.WEIGHTED && targets.stream().allMatch(t -> t.weight() == 0)) {
      throw new InvalidValue("targets", "weights that sum to 0", "a weight above 0");
    }
    checkTiers(strategy, targets);
    checkUpto(strategy, targets, strong);
    if (strategy == Strategy.COMPLEXITY) {
      checkThresholds(targets, strong);
    }
  }

  static void check(Strategy strategy, RouterFile router) {
    if (router.file() != null && strategy != Strategy.COMPLEXITY) {
      throw new InvalidValue(
          "router", router.toString(), "strategy complexity: no other asks a router");
    }
  }

  private static void checkRules(List<TargetConfig> targets, List<RuleConfig> rules) {
    if (rules.isEmpty()) {
      throw new InvalidValue("rules", "[]", "at least one rule");
    }
    if (!targets.isEmpty()) {
      throw new InvalidValue("targets", "a list", "none with strategy rules: each rule has `use`");
    }
  }

  /** Every tier of a cascade but the last is judged; nothing else judges answers. */
  private static void checkTiers(Strategy strategy, List<TargetConfig> targets) {
    for (int i = 0; i < targets.size(); i++) {
      String accept = targets.get(i).accept();
      if (strategy != Strategy.CASCADE && accept != null) {
        throw new InvalidValue("targets", "accept: " + accept, "strategy cascade, or none");
      }
      if (strategy == Strategy.CASCADE && accept == null && i < targets.size() - 1) {
        throw new InvalidValue(
            "targets",
            "no `accept` on target " + (i + 1),
            "one on all but the last: without it the next tier is only asked when this one fails");
      }
    }
  }

  private static void checkUpto(
      Strategy strategy, List<TargetConfig> targets, @Nullable Share strong) {
    boolean complexity = strategy == Strategy.COMPLEXITY;
    if (strong != null && !complexity) {
      throw new InvalidValue("strong", strong.toString(), "strategy complexity, or none");
    }
    for (TargetConfig target : targets) {
      Double upto = target.upto();
      if (upto != null && (!complexity || strong != null)) {
        throw new InvalidValue(
            "targets",
            "upto: " + upto,
            complexity ? "none beside strong" : "strategy complexity, or none");
      }
    }
  }

  private static void checkThresholds(List<TargetConfig> targets, @Nullable Share strong) {
    double last = 0;
    for (int i = 0; i < targets.size() - 1; i++) {
      Double upto = targets.get(i).upto();
      if (upto == null && strong == null) {
        throw new InvalidValue(
            "targets",
            "no threshold on target " + (i + 1),
            "`upto` on all but the last, or strong");
      }
      if (upto != null && upto <= last) {
        throw new InvalidValue("targets", "upto: " + upto, "thresholds that rise");
      }
      last = upto == null ? last : upto;
    }
    Double end = targets.getLast().upto();
    if (end != null && end < 1) {
      throw new InvalidValue("targets", "upto: " + end + " on the last", "none there");
    }
  }
}
