package io.penstock.server.call.accounting;

import io.penstock.core.body.Json;
import io.penstock.core.price.NanoUsd;

/**
 * What a settled attempt cost. Nano-USD.
 *
 * @param costNanos this attempt alone
 * @param totalNanos all attempts of the request so far
 * @param savedNanos what the request has saved so far; negative when it cost more
 * @param isKnown false while an attempt is still counted: then the sums lack it
 */
public record Settled(long costNanos, long totalNanos, long savedNanos, boolean isKnown) {
  public String cost() {
    return NanoUsd.format(totalNanos);
  }

  public String saved() {
    return NanoUsd.format(savedNanos);
  }

  /** Returns the JSON for the last event of a stream. */
  public String json() {
    return "{\"cost_usd\":" + cost() + ",\"saved_usd\":" + saved() + "}";
  }

  /**
   * Does the same for a stream whose headers do not say whose this is.
   *
   * @param role what the target did: {@code answered_by}, {@code continued_by}
   */
  public String json(String role, String target) {
    String by = "{\"" + role + "\":" + Json.quote(target);
    return isKnown ? by + "," + json().substring(1) : by + "}";
  }
}
