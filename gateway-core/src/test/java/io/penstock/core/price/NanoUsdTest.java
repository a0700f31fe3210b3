package io.penstock.core.price;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NanoUsdTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0.00",
    "1, 0.000000001",
    "45000, 0.000045",
    "10000000, 0.01",
    "100000000, 0.10",
    "1000000000, 1.00",
    "-1500000000, -1.50",
    "9223372036854775807, 9223372036.854775807",
    "-9223372036854775808, -9223372036.854775808"
  })
  void format_nanos_isPlainDecimal(long nanos, String text) {
    assertThat(NanoUsd.format(nanos)).isEqualTo(text);
  }

  @Test
  void format_anyAmount_isWhatParseReads() {
    Random random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      long nanos = random.nextLong() >> random.nextInt(64);
      String text = NanoUsd.format(nanos);
      assertThat(new BigDecimal(text)).isEqualByComparingTo(BigDecimal.valueOf(nanos, 9));
      assertThat(text.substring(text.indexOf('.') + 1)).hasSizeBetween(2, 9);
      assertThat(NanoUsd.parse(text)).isEqualTo(nanos);
    }
  }
}
