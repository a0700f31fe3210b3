package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.penstock.bench.Trend.Gauge;
import org.junit.jupiter.api.Test;

final class TrendTest {
  private final Trend trend = new Trend();

  @Test
  void slope_isOfTheSecondHalfAlone() {
    for (int minute = 1; minute <= 20; minute++) {
      double warm = Math.min(minute, 10);
      trend.add(minute, 10 * warm, 20, 100 + 2 * minute, 64, 30, 500, 900);
    }

    assertThat(trend.slope(Gauge.HEAP)).isCloseTo(0, within(1e-9));
    assertThat(trend.slope(Gauge.RESIDENT)).isCloseTo(2, within(1e-9));
    assertThat(trend.growing()).containsExactly(Gauge.RESIDENT);
    assertThat(trend.table()).contains("growth/min").contains("2.00");
  }

  @Test
  void latency_mayGrowByAShareOfItsMean() {
    for (int minute = 1; minute <= 10; minute++) {
      trend.add(minute, 0, 0, 0, 0, 0, 1000 + 10 * minute, 2000 + 300 * minute);
    }

    assertThat(trend.growing()).containsExactly(Gauge.P99);
  }

  @Test
  void tooFewReadings_sayNothing() {
    trend.add(1, 0, 0, 0, 0, 0, 0, 0);
    trend.add(2, 1000, 0, 0, 0, 0, 0, 0);

    assertThat(trend.isLongEnough()).isFalse();
    assertThat(trend.growing()).isEmpty();
  }
}
