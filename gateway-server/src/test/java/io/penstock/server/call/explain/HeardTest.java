package io.penstock.server.call.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HeardTest {
  private final Heard heard = new Heard();

  @Test
  void storesThatAnswerAtOnce_leaveNothingToWaitFor() {
    assertThat(heard.knowsSpent(() -> null)).isTrue();
    assertThat(heard.cache(() -> CompletableFuture.completedStage("miss"))).isEqualTo("miss");

    assertThat(heard.takeMissed()).isEmpty();
  }

  @Test
  void answerAfterTheLook_isWaitedFor_thoughItIsThereByThen() {
    CompletableFuture<String> later = new CompletableFuture<>();
    assertThat(heard.cache(() -> later)).isNull();
    later.complete("hit");

    assertThat(heard.takeMissed()).containsExactly(later);
    assertThat(heard.cache(() -> new CompletableFuture<>())).as("asked once").isEqualTo("hit");
    assertThat(heard.takeMissed()).as("the second decision stands").isEmpty();
  }

  @Test
  void budgets_areAskedOncePerTarget_andNotHeardWhereTheQuestionFailed() {
    AtomicInteger asked = new AtomicInteger();
    for (int i = 0; i < 2; i++) {
      assertThat(
              heard.budgets(
                  "a",
                  () -> {
                    asked.incrementAndGet();
                    return new CompletableFuture<>();
                  }))
          .isNull();
    }
    assertThat(asked).hasValue(1);
    assertThat(heard.takeMissed()).hasSize(1);

    assertThatThrownBy(() ->
            heard.budgets(
                "b",
                () -> {
                  throw new IllegalStateException("no bound");
                }))
        .hasMessage("no bound");
    assertThat(heard.takeMissed()).isEmpty();
  }
}
