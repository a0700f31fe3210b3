package io.penstock.server.call;

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
record Settled(long costNanos, long totalNanos, long savedNanos, boolean isKnown) {
  String cost() {
    return NanoUsd.format(totalNanos);
  }

  String saved() {
    return NanoUsd.format(savedNanos);
  }

  /** Returns the JSON for the last event of a stream. */
  String json() {
    return "{\"cost_usd\":" + cost() + ",\"saved_usd\":" + saved() + "}";
  }

  /** Does the same for a stream that another target than its headers say has gone on with. */
  String json(String continuedBy) {
    String by = "{\"continued_by\":" + Json.quote(continuedBy);
    return isKnown ? by + "," + json().substring(1) : by + "}";
  }
}
