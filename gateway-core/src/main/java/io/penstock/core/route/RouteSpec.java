package io.penstock.core.route;

import io.penstock.core.rule.Condition;
import java.util.List;

/** How a model name chooses among its targets, as configured. Immutable; names not yet resolved. */
public sealed interface RouteSpec {
  /** What the choice is made among, in the order of the configuration. */
  List<TargetSpec> targets();

  /** What holds for every strategy. */
  RouteOptions options();

  /** One target. */
  record Plain(TargetSpec target, RouteOptions options) implements RouteSpec {
    @Override
    public List<TargetSpec> targets() {
      return List.of(target);
    }
  }

  /** The first healthy one. */
  record Priority(List<TargetSpec> targets, RouteOptions options) implements RouteSpec {
    public Priority {
      targets = List.copyOf(targets);
    }
  }

  /** By {@link TargetSpec#weight()}. */
  record Weighted(List<TargetSpec> targets, RouteOptions options) implements RouteSpec {
    public Weighted {
      targets = List.copyOf(targets);
    }
  }

  /** Two at random, the faster to its first token. */
  record Latency(List<TargetSpec> targets, RouteOptions options) implements RouteSpec {
    public Latency {
      targets = List.copyOf(targets);
    }
  }

  /**
   * The lowest expected cost.
   *
   * @param minQuality targets whose quality is lower are left out; 0 for none
   */
  record Cost(List<TargetSpec> targets, double minQuality, RouteOptions options)
      implements RouteSpec {
    public Cost {
      targets = List.copyOf(targets);
    }
  }

  /**
   * By the prompt's need for a strong model, weakest target first.
   *
   * @param strong share of requests for the last target, 0..1, which sets the threshold; NaN when
   *     the targets' own {@code upto} do
   * @param router judges the prompt
   */
  record Complexity(List<TargetSpec> targets, double strong, Router router, RouteOptions options)
      implements RouteSpec {
    public Complexity {
      targets = List.copyOf(targets);
    }
  }

  /** Cheapest first; the next one when {@link TargetSpec#accept()} does not hold. */
  record Cascade(List<TargetSpec> targets, RouteOptions options) implements RouteSpec {
    public Cascade {
      targets = List.copyOf(targets);
    }
  }

  /** The first rule that holds. */
  record Rules(List<Rule> rules, RouteOptions options) implements RouteSpec {
    public Rules {
      rules = List.copyOf(rules);
    }

    @Override
    public List<TargetSpec> targets() {
      return rules.stream().map(Rule::use).toList();
    }
  }

  /** One rule: when {@code when} holds, {@code use}. */
  record Rule(Condition when, TargetSpec use) {}
}
