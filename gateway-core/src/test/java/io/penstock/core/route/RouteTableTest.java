package io.penstock.core.route;

import static io.penstock.core.route.Bench.PLAIN;
import static io.penstock.core.route.Bench.targets;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.rule.Condition;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouteTableTest {
  private final Bench bench = new Bench();

  private List<String> problems() {
    List<Problem> problems = new ArrayList<>();
    bench.table(problems);
    return problems.stream().map(Problem::toString).toList();
  }

  @Test
  void of_everythingWrong_isReportedAtOnce() {
    bench
        .model("empty", new RouteSpec.Priority(List.of(), PLAIN))
        .model("unknown", new RouteSpec.Plain(TargetSpec.of("nowhere/x"), PLAIN))
        .model("typo", new RouteSpec.Plain(TargetSpec.of("unknwon"), PLAIN))
        .model("a", new RouteSpec.Priority(targets("openai/x", "b"), PLAIN))
        .model("b", new RouteSpec.Priority(targets("c", "openai/y"), PLAIN))
        .model("c", new RouteSpec.Plain(TargetSpec.of("a"), PLAIN))
        .model("self", new RouteSpec.Plain(TargetSpec.of("self"), PLAIN))
        .model("into-cycle", new RouteSpec.Plain(TargetSpec.of("a"), PLAIN))
        .model(
            "weights", new RouteSpec.Weighted(List.of(TargetSpec.of("openai/x").weight(0)), PLAIN))
        .model(
            "thresholds",
            new RouteSpec.Complexity(
                List.of(
                    TargetSpec.of("openai/x").upto(0.6),
                    TargetSpec.of("openai/y").upto(0.3),
                    TargetSpec.of("openai/z")),
                Double.NaN,
                Router.shipped(),
                PLAIN))
        .model(
            "quality",
            new RouteSpec.Cost(List.of(TargetSpec.of("openai/x").quality(0.5)), 0.7, PLAIN))
        .model(
            "rules",
            new RouteSpec.Rules(
                List.of(
                    bench.rule("target == 'x'", "openai/x"),
                    new RouteSpec.Rule(Condition.ALWAYS, TargetSpec.of("openai/x")),
                    bench.rule("team == 'x'", "openai/x")),
                PLAIN))
        .model("star", new RouteSpec.Plain(TargetSpec.of("openai/*"), PLAIN));

    assertThat(String.join("\n", problems()))
        .contains("models.empty: has no target")
        .contains("models.unknown.targets[0]: nowhere/x is unknown")
        .contains("models.typo.targets[0]: unknwon is unknown")
        .contains("models.a: leads back to itself: a -> b -> c -> a")
        .contains("models.b: leads back to itself: b -> c -> a -> b")
        .contains("models.self: leads back to itself: self -> self")
        .doesNotContain("models.into-cycle")
        .contains("models.weights: weights sum to 0")
        .contains("models.thresholds.targets[1].upto: 0.3 after 0.6")
        .contains("models.quality.min_quality: 0.7")
        .contains("models.rules.rules[0].if: target == 'x' reads the target")
        .contains("models.rules.rules[1].if: always holds")
        .contains("models.star.targets[0]: openai/*");
  }

  @Test
  void find_wildcards_longestFirstAndNameGoesOnAsItIs() {
    bench
        .model("*", new RouteSpec.Plain(TargetSpec.of("openai/*"), PLAIN))
        .model("claude-*", new RouteSpec.Plain(TargetSpec.of("anthropic/claude-*"), PLAIN))
        .model("openai/*", new RouteSpec.Plain(TargetSpec.of("openai/*"), PLAIN))
        .model("gpt-4o", new RouteSpec.Plain(TargetSpec.of("onprem/alias"), PLAIN));

    assertThat(problems()).isEmpty();
    assertThat(first("gpt-9")).isEqualTo("openai/gpt-9");
    assertThat(first("openai/gpt-9")).isEqualTo("openai/gpt-9");
    assertThat(first("claude-x")).isEqualTo("anthropic/claude-x");
    assertThat(first("gpt-4o")).isEqualTo("onprem/alias");
  }

  @Test
  void find_noRoute_null() {
    bench.model("a", new RouteSpec.Plain(TargetSpec.of("openai/x"), PLAIN));

    assertThat(bench.table(new ArrayList<>()).find("b")).isNull();
  }

  private String first(String model) {
    Candidate candidate = bench.plan(model, 1).next("");
    return candidate == null ? "none" : candidate.target();
  }
}
