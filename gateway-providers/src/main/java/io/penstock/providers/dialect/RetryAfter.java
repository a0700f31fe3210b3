package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.providers.HeaderLookup;
import java.time.Duration;
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
    long millis = number(headers.get("retry-after-ms"), 1);
    if (millis == UNKNOWN) {
      String after = headers.get("retry-after");
      millis = number(after, 1000);
      if (millis == UNKNOWN && after != null) {
        millis = date(after, headers.get("date"));
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

  /** An HTTP date counts from the provider's own clock, so no clock of ours is needed. */
  private static long date(String after, @Nullable String now) {
    if (now == null) {
      return UNKNOWN;
    }
    try {
      ZonedDateTime then = ZonedDateTime.parse(after.strip(), DateTimeFormatter.RFC_1123_DATE_TIME);
      ZonedDateTime date = ZonedDateTime.parse(now.strip(), DateTimeFormatter.RFC_1123_DATE_TIME);
      return Math.clamp(Duration.between(date, then).toMillis(), 0, LONGEST);
    } catch (DateTimeParseException e) {
      return UNKNOWN;
    }
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
