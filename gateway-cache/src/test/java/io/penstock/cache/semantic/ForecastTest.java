package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ForecastTest {
  /** Texts that begin alike lie near each other; the answer serves at 2 % but not at 1 %. */
  private static final Forecast.Scorer BY_FIRST_LETTER =
      new Forecast.Scorer() {
        @Override
        public float[] embed(String text) {
          float[] vector = new float[4];
          vector[text.charAt(0) - 'a'] = 1;
          return vector;
        }

        @Override
        public double score(String cached, String asked, boolean sameDay, double similarity) {
          return 0.98;
        }
      };

  private static Forecast.Recorded at(long second, String key, String text) {
    return new Forecast.Recorded(second * 1000, "gpt", key, "p", text, 10);
  }

  @Test
  void add_duplicates_countPerTimeToLiveAndShare() {
    Forecast forecast =
        new Forecast(List.of(3_600_000L, 60_000L), List.of(0.01, 0.03), BY_FIRST_LETTER, 100);
    forecast.add(at(0, "k1", "a1"));
    forecast.add(at(30, "k1", "a1"));
    forecast.add(at(90, "k1", "a1"));
    forecast.add(at(95, "k2", "a2"));
    forecast.add(at(99, "k3", "b"));

    assertThat(forecast.lines())
        .containsExactly(
            new Forecast.Line("gpt", "exact 1m", 5, 1, 10),
            new Forecast.Line("gpt", "exact 1h", 5, 2, 20),
            new Forecast.Line("gpt", "semantic 1%", 5, 2, 20),
            new Forecast.Line("gpt", "semantic 3%", 5, 3, 30));
    Forecast.Line last = forecast.lines().getLast();
    assertThat(last.hitRate()).isEqualTo(0.6);
    assertThat(last.interval().low()).isBetween(0.2, 0.3);
    assertThat(last.interval().high()).isBetween(0.85, 0.9);
  }

  @Test
  void add_noRecordedText_forecastsExactOnly() {
    Forecast forecast = new Forecast(List.of(60_000L), List.of(0.01), BY_FIRST_LETTER, 100);
    forecast.add(at(0, "k", ""));
    forecast.add(at(1, "k", ""));

    assertThat(forecast.lines()).containsExactly(new Forecast.Line("gpt", "exact 1m", 2, 1, 10));
  }

  @Test
  void add_moreQuestionsThanAreCompared_countsTheOthersForTheExactLayerOnly() {
    Forecast forecast = new Forecast(List.of(60_000L), List.of(0.03), BY_FIRST_LETTER, 2);
    for (int i = 0; i < 5; i++) {
      forecast.add(at(i, "k" + i, "a" + i));
    }

    assertThat(forecast.lines())
        .containsExactly(
            new Forecast.Line("gpt", "exact 1m", 5, 0, 0),
            new Forecast.Line("gpt", "semantic 3%", 2, 1, 10));
  }

  @ParameterizedTest
  @CsvSource({"1500, 1500ms", "90000, 90s", "60000, 1m", "5400000, 90m", "86400000, 1d"})
  void format_time_isTheLargestWholeUnit(long millis, String expected) {
    assertThat(Ttl.format(millis)).isEqualTo(expected);
  }
}
