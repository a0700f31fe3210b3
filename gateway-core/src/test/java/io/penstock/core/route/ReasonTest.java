package io.penstock.core.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written into a reason is read out of it, whatever else stands there. */
class ReasonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"%s", "%s after 429", "%s, cascade[0]", "rule[0] a == 'b', %s past a/b (x)"})
  void priority_isReadBack(String around) {
    assertThat(Reason.isPassedOver(around.formatted(Reason.priority(0)))).isFalse();
    assertThat(Reason.isPassedOver(around.formatted(Reason.priority(1)))).isTrue();
    assertThat(Reason.isPassedOver(Reason.byHeader(around.formatted(Reason.priority(10)))))
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource({"0.0, 0.0", "0.314, 0.31", "1.0, 1.0"})
  void score_isReadBack(double score, double read) {
    String reason = Reason.complexity(score, "openai/a");

    assertThat(Reason.score(reason)).isEqualTo(read);
    assertThat(Reason.score(Reason.byHeader(reason) + ", priority[1] after 429")).isEqualTo(read);
    assertThat(Reason.score(Reason.priority(0))).isNaN();
  }

  @Test
  void header_isReadBack() {
    assertThat(Reason.isByHeader(Reason.byHeader(Reason.priority(0)))).isTrue();
    assertThat(Reason.isByHeader(Reason.priority(0))).isFalse();
  }

  /** A budget of that name would have been told as money spent on fallbacks, with an alert. */
  @ParameterizedTest
  @ValueSource(strings = {"priority[1]", "x, priority[1]", "x, complexity 0.50 -> a"})
  void namesAndConditions_areNotReadAsTheWordsOfARoute(String text) {
    for (String reason :
        new String[] {
          Reason.budget(text), Reason.rule(0, text), Reason.byHeader(Reason.rule(0, text))
        }) {
      assertThat(Reason.isPassedOver(reason)).as(reason).isFalse();
      assertThat(Reason.score(reason)).as(reason).isNaN();
    }
  }
}
