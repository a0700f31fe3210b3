package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.providers.HeaderLookup;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** When a provider wants to be asked again: headers, or Google's RetryInfo in the body. */
final class RetryAfter {
  static final long UNKNOWN = -1;
  private static final long LONGEST = Duration.ofDays(7).toMillis();

  private RetryAfter() {}

  /** Returns milliseconds, or {@link #UNKNOWN}. */
  static long millis(HeaderLookup headers, JsonNode body) {
    return millis(headers, body, InstantSource.system());
  }

  static long millis(HeaderLookup headers, JsonNode body, InstantSource clock) {
    long millis = number(headers.get("retry-after-ms"), 1);
    if (millis == UNKNOWN) {
      String after = headers.get("retry-after");
      millis = number(after, 1000);
      if (millis == UNKNOWN && after != null) {
        millis = date(after, headers.get("date"), clock);
      }
    }
    return millis == UNKNOWN ? retryInfo(body) : millis;
  }

  private static long number(@Nullable String text, int unitMillis) {
    if (text == null) {
      return UNKNOWN;
    }
    try {
      double value = Double.parseDouble(text.strip()) * unitMillis;
      return value >= 0 ? Math.min(LONGEST, (long) Math.ceil(value)) : UNKNOWN;
    } catch (NumberFormatException e) {
      return UNKNOWN;
    }
  }

  /** An HTTP date counts from the provider's own clock; from ours when it does not tell it. */
  private static long date(String after, @Nullable String now, InstantSource clock) {
    try {
      Instant date = now == null ? clock.instant() : parse(now);
      return Math.clamp(Duration.between(date, parse(after)).toMillis(), 0, LONGEST);
    } catch (DateTimeParseException e) {
      return UNKNOWN;
    }
  }

  private static Instant parse(String date) {
    return ZonedDateTime.parse(date.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
  }

  private static long retryInfo(JsonNode body) {
    for (JsonNode detail : body.path("error").path("details")) {
      String delay = detail.path("retryDelay").asText("");
      if (delay.endsWith("s")) {
        return number(delay.substring(0, delay.length() - 1), 1000);
      }
    }
    return UNKNOWN;
  }
}
