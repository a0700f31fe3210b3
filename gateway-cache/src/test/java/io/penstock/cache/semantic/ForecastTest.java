package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ForecastTest {
  private static Forecast.Recorded at(long second, String key, String text) {
    return new Forecast.Recorded(second * 1000, "gpt", key, "p", text, 10);
  }

  @Test
  void of_duplicates_countPerTimeToLiveAndShare() {
    Forecast.Scorer scorer =
        (cached, asked, sameDay) -> cached.charAt(0) == asked.charAt(0) ? 0.98 : 0;

    List<Forecast.Line> lines =
        Forecast.of(
            Stream.of(
                at(0, "k1", "a1"),
                at(30, "k1", "a1"),
                at(90, "k1", "a1"),
                at(95, "k2", "a2"),
                at(99, "k3", "b")),
            List.of(60_000L, 3_600_000L),
            List.of(0.01, 0.03),
            scorer);

    assertThat(lines)
        .containsExactly(
            new Forecast.Line("gpt", "exact 60s", 5, 1, 10),
            new Forecast.Line("gpt", "exact 3600s", 5, 2, 20),
            new Forecast.Line("gpt", "semantic 0.01", 5, 2, 20),
            new Forecast.Line("gpt", "semantic 0.03", 5, 3, 30));
    assertThat(lines.getLast().hitRate()).isEqualTo(0.6);
  }

  @Test
  void of_noRecordedText_forecastsExactOnly() {
    List<Forecast.Line> lines =
        Forecast.of(
            Stream.of(at(0, "k", ""), at(1, "k", "")),
            List.of(60_000L),
            List.of(0.01),
            (cached, asked, sameDay) -> 1);

    assertThat(lines.getFirst().hits()).isEqualTo(1);
    assertThat(lines.getLast().hits()).isZero();
  }
}
