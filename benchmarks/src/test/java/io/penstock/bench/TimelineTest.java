package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.bench.Watcher.Outcome;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class TimelineTest {
  private final Timeline timeline = new Timeline();

  private void at(int millis, int latencyMillis, Outcome outcome) {
    timeline.ended(
        TimeUnit.MILLISECONDS.toNanos(millis),
        TimeUnit.MILLISECONDS.toNanos(latencyMillis),
        outcome);
  }

  @Test
  void wellAfter_countsFromTheFallToTheLastBadWindow() {
    at(1100, 1, Outcome.DONE);
    at(2100, 900, Outcome.DONE);
    at(2400, 1, Outcome.SHED);
    at(2600, 1, Outcome.DONE);
    at(2900, 1, Outcome.DONE);

    assertThat(timeline.wellAfterMillis(2, 3, 4, 5_000)).isEqualTo(500);
  }

  @Test
  void wellAfter_badToTheEnd_never() {
    at(2100, 1, Outcome.DONE);
    at(2900, 900, Outcome.DONE);

    assertThat(timeline.wellAfterMillis(2, 3, 4, 5_000)).isEqualTo(-1);
  }

  @Test
  void wellAfter_unansweredAtTheEnd_never() {
    at(2100, 1, Outcome.DONE);
    at(2300, 1, Outcome.DONE);

    assertThat(timeline.wellAfterMillis(2, 3, 4, 5_000)).isEqualTo(-1);
  }

  @Test
  void between_addsUpWhatWasDueThen() {
    at(999, 7, Outcome.DONE);
    at(1000, 2, Outcome.DONE);
    at(1500, 1, Outcome.SHED);
    at(1999, 1, Outcome.FAILED);

    Timeline.Slice second = timeline.between(1, 2);

    assertThat(second.done()).isEqualTo(1);
    assertThat(second.shed()).isEqualTo(1);
    assertThat(second.failed()).isEqualTo(1);
  }

  @Test
  void pace_stepsFollowEachOther() {
    Pace pace = new Pace(List.of(new Pace.Step(2, 1), new Pace.Step(4, 2)));

    assertThat(pace.requests()).isEqualTo(10);
    assertThat(pace.dueNanos(1)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(500));
    assertThat(pace.dueNanos(2)).isEqualTo(TimeUnit.SECONDS.toNanos(1));
    assertThat(pace.dueNanos(9)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(2750));
  }
}
