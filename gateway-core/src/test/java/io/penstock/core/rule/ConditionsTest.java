package io.penstock.core.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.rule.Conditions.Kind;
import io.penstock.core.rule.Facts.ResponseFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConditionsTest {
  private final Conditions conditions = new Conditions();
  private final TestFacts facts =
      new TestFacts()
          .set("model", "gpt-4o")
          .set("target", "openai/gpt-4o-mini")
          .set("cost_nanos", 250_000_000L)
          .set("tokens", 1200)
          .set("tools", 2)
          .set("task", "classify")
          .set("complexity", 0.4)
          .set("weekday", 7)
          .set("hour", 23)
          .set("stream", true)
          .metadata("environment", "development")
          .header("x-team", "blue")
          .budget("org-monthly", 0.95);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "metadata.environment == \"development\"",
        "metadata[\"environment\"].startsWith(\"dev\")",
        "metadata.absent == \"\"",
        "metadata[model] == \"\" && size(metadata.absent) == 0",
        "headers[\"x-team\"] == \"blue\" && headers[\"x-none\"] == ''",
        "has(metadata.environment) && !has(metadata.absent)",
        "\"environment\" in metadata && !(\"absent\" in metadata)",
        "budget[\"org-monthly\"] > 0.9",
        "budget[\"unknown\"] == 0.0",
        "budget['org-monthly'] < 1",
        "cost > 0.2 && cost < 0.3 && cost < 1",
        "task in [\"summarise\", \"classify\", \"extract\"]",
        "target.startsWith(\"openai/gpt-4o\")",
        "tokens >= 1200 && tools > 1 && images == 0",
        "weekday > 5 || hour < 6",
        "stream && complexity < 0.5",
        "[\"gpt\", \"claude\"].exists(name, model.startsWith(name))",
        "model.matches(\"^gpt-[0-9]\")",
        "tokens / 2 == 600",
      })
  void test_conditionOfTheContract_holds(String text) {
    assertThat(conditions.compile(text, Kind.REQUEST).test(facts)).isTrue();
    assertThat(conditions.compileNew(text, Kind.REQUEST, false).test(facts)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tokens | expected: a condition",
        "modle == 'x' | undeclared reference to 'modle'",
        "taem == 'x' | did you mean team?",
        "model == 3 | found no matching overload",
        "model == | column",
        "response.finish == 'stop' | exist in accept and store_if",
        "budget.size() > 1 | budget is read by name",
        "metadata.all(a, headers.all(b, metadata.all(c, headers.all(d, true)))) | may take",
      })
  void compile_badCondition_refusedWithReason(String text, String reason) {
    assertThatThrownBy(() -> conditions.compile(text, Kind.REQUEST))
        .isInstanceOf(ConditionException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void compile_tooLongText_refused() {
    String text = "model == '" + "x".repeat(5000) + "'";
    assertThatThrownBy(() -> conditions.compile(text, Kind.REQUEST))
        .isInstanceOf(ConditionException.class);
  }

  @Test
  void compile_divisionByTheConstantZero_refused() {
    for (String text : new String[] {"tokens / 0 > 1", "model == 'a' && tokens % 0 == 0"}) {
      assertThatThrownBy(() -> conditions.compile(text, Kind.REQUEST))
          .isInstanceOf(ConditionException.class)
          .hasMessageContaining("divides by zero (expected: a divisor other than 0)");
    }
  }

  @Test
  void test_divisionByZero_doesNotHoldAndIsCounted() {
    Condition condition = conditions.compile("tokens / images > 0", Kind.REQUEST);

    assertThat(condition.test(facts)).isFalse();

    assertThat(conditions.failures()).isEqualTo(1);
  }

  @Test
  void test_answer_isSeenByAccept() {
    Condition accept =
        conditions.compile(
            "response.finish == \"stop\" && response.logprob > -0.4 && response.json",
            Kind.RESPONSE);

    assertThat(accept.test(facts.response(new ResponseFacts("{}", "stop", true, -0.1, 3))))
        .isTrue();
    assertThat(accept.test(facts.response(new ResponseFacts("{}", "stop", true, -0.5, 3))))
        .isFalse();
    assertThat(accept.variables()).containsExactly("response");
  }

  @Test
  void test_answerMissing_doesNotHold() {
    Condition accept = conditions.compile("response.tokens >= 0", Kind.RESPONSE);

    assertThat(accept.test(new TestFacts())).isFalse();
  }

  @Test
  void variables_areThoseRead() {
    Condition condition =
        conditions.compile(
            "team == 'a' && metadata.x == 'y' || budget['b'] > 0.5 || target == ''", Kind.REQUEST);

    assertThat(condition.variables())
        .containsExactlyInAnyOrder("team", "metadata", "budget", "target");
    assertThat(condition.budgets()).containsExactly("b");
    assertThat(condition.dependsOnTarget()).isTrue();
    assertThat(condition.isMemoisable()).isFalse();
  }

  @Test
  void compile_sameText_sameCondition() {
    assertThat(conditions.compile("team == 'a'", Kind.REQUEST))
        .isSameAs(conditions.compile("team == 'a'", Kind.REQUEST))
        .isInstanceOf(DirectCondition.class);
  }

  /** The direct shapes and CEL's interpreter agree on random conditions and random facts. */
  @Test
  void test_randomConditions_directAgreesWithCel() {
    Random random = new Random(20_261_121);
    int direct = 0;
    for (int i = 0; i < 1500; i++) {
      String text = RandomConditions.condition(random, 3);
      Condition fast = conditions.compileNew(text, Kind.REQUEST, true);
      Condition slow = conditions.compileNew(text, Kind.REQUEST, false);
      direct += fast instanceof DirectCondition ? 1 : 0;
      for (int j = 0; j < 8; j++) {
        Facts random1 = RandomConditions.facts(random);
        assertThat(fast.test(random1)).as(text).isEqualTo(slow.test(random1));
      }
    }
    assertThat(direct).isGreaterThan(1400);
    assertThat(conditions.failures()).isZero();
  }

  @Test
  void retain_conditionsOutOfUse_areForgotten() {
    Condition kept = conditions.compile("team == 'a'", Kind.REQUEST);
    Condition gone = conditions.compile("team == 'b'", Kind.REQUEST);

    conditions.retain(List.of(kept)::contains);

    assertThat(conditions.compile("team == 'a'", Kind.REQUEST)).isSameAs(kept);
    assertThat(conditions.compile("team == 'b'", Kind.REQUEST)).isNotSameAs(gone);
  }

  @Test
  void seenBy_ofAWatchedCache_tellsBoth() {
    List<Condition> outer = new ArrayList<>();
    List<Condition> inner = new ArrayList<>();
    Conditions watched = conditions.seenBy(outer::add).seenBy(inner::add);

    Condition first = watched.compile("team == 'a'", Kind.REQUEST);
    watched.compile("team == 'a'", Kind.REQUEST);

    assertThat(outer).containsExactly(first, first);
    assertThat(inner).isEqualTo(outer);
  }
}
