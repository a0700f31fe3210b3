package io.penstock.providers;

import io.penstock.core.FailureKind;
import io.penstock.core.body.SseOverflowException;
import org.jspecify.annotations.Nullable;

/**
 * A provider's failure.
 *
 * @param kind what it means
 * @param status the HTTP status, or 0 when there was none
 * @param message the provider's own words, without secrets; "" when it said nothing. Those with
 *     which it refuses a credential are for the log alone
 * @param code the provider's error code, or null
 * @param param the request field that the provider names, or null
 * @param retryAfterMillis the provider's wish, or -1
 */
public record Failure(
    FailureKind kind,
    int status,
    String message,
    @Nullable String code,
    @Nullable String param,
    long retryAfterMillis) {

  /** Creates a failure that has no answer behind it. */
  public static Failure of(FailureKind kind, String message) {
    return new Failure(kind, 0, message, null, null, -1);
  }

  /** Returns what a stream ends with of which an event cannot be taken. */
  public static Failure of(SseOverflowException e) {
    return of(
        e.isOwn() ? FailureKind.TOO_LARGE : FailureKind.MALFORMED, String.valueOf(e.getMessage()));
  }
}
