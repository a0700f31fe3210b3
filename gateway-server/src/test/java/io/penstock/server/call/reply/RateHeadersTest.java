package io.penstock.server.call.reply;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.RateState;
import io.penstock.core.Dialect;
import java.util.List;
import org.junit.jupiter.api.Test;

class RateHeadersTest {
  private static final long NOON = 1_700_006_400_000L;

  private static String header(Dialect dialect, String name, long storeNow) {
    HttpHeaders headers = new DefaultHttpHeaders();
    RateState rate = new RateState("r", "ann", false, 5, 0, NOON + 90_000);
    RateHeaders.add(headers, dialect, List.of(rate), storeNow);
    return headers.get(name);
  }

  @Test
  void reset_isAMoment_whenTheClientIsTold() {
    assertThat(header(Dialect.OPENAI, "x-ratelimit-reset-requests", NOON)).isEqualTo("1m30s");
    assertThat(header(Dialect.OPENAI, "x-ratelimit-reset-requests", NOON + 80_000))
        .isEqualTo("10s");
    assertThat(header(Dialect.OPENAI, "x-ratelimit-reset-requests", NOON + 100_000))
        .isEqualTo("0ms");
    for (long later : new long[] {0, 80_000}) {
      assertThat(header(Dialect.ANTHROPIC, "anthropic-ratelimit-requests-reset", NOON + later))
          .isEqualTo("2023-11-15T00:01:30Z");
    }
  }
}
