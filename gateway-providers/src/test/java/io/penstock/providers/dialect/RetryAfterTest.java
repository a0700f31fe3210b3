package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryAfterTest {
  private static final InstantSource CLOCK = () -> Instant.parse("2026-11-22T12:00:00Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Sun, 22 Nov 2026 12:00:30 GMT |                               |  30000",
        "Sun, 22 Nov 2026 11:59:00 GMT |                               |      0",
        "Sun, 22 Nov 2026 12:00:30 GMT | Sun, 22 Nov 2026 12:00:20 GMT |  10000",
        "Sun, 22 Nov 2026 12:00:30 GMT | yesterday                     |     -1",
        "soon                          |                               |     -1",
        "2.5                           |                               |   2500",
      })
  void millis_ofADate_isFromTheProvidersClock_elseFromOurs(String after, String date, long millis) {
    Map<String, String> headers = new HashMap<>();
    headers.put("retry-after", after);
    headers.put("date", date);
    assertThat(RetryAfter.millis(headers::get, MissingNode.getInstance(), CLOCK)).isEqualTo(millis);
  }
}
