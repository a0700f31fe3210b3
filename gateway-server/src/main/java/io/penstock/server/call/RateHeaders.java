package io.penstock.server.call;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.RateState;
import io.penstock.core.Dialect;
import java.time.Instant;
import java.util.List;

/** The gateway's limits in the header names of each surface. Stateless. */
final class RateHeaders {
  private RateHeaders() {}

  /** Adds the tightest rate of requests and of tokens. */
  static void add(HttpHeaders headers, Dialect dialect, List<RateState> rates, long nowMillis) {
    RateState requests = null;
    RateState tokens = null;
    for (RateState rate : rates) {
      if (rate.tokens()) {
        tokens = tighter(tokens, rate);
      } else {
        requests = tighter(requests, rate);
      }
    }
    if (requests != null) {
      add(headers, dialect, "requests", requests, nowMillis);
    }
    if (tokens != null) {
      add(headers, dialect, "tokens", tokens, nowMillis);
    }
  }

  private static RateState tighter(
      @org.jspecify.annotations.Nullable RateState one, RateState other) {
    return one == null || share(other) < share(one) ? other : one;
  }

  private static double share(RateState rate) {
    return (double) rate.remaining() / Math.max(1, rate.limit());
  }

  private static void add(
      HttpHeaders headers, Dialect dialect, String what, RateState rate, long nowMillis) {
    long remaining = Math.max(0, rate.remaining());
    if (dialect == Dialect.ANTHROPIC) {
      String prefix = "anthropic-ratelimit-" + what + "-";
      headers.set(prefix + "limit", rate.limit());
      headers.set(prefix + "remaining", remaining);
      headers.set(
          prefix + "reset", Instant.ofEpochMilli(nowMillis + rate.resetMillis()).toString());
    } else if (dialect == Dialect.OPENAI) {
      headers.set("x-ratelimit-limit-" + what, rate.limit());
      headers.set("x-ratelimit-remaining-" + what, remaining);
      headers.set("x-ratelimit-reset-" + what, duration(rate.resetMillis()));
    }
  }

  /** Returns a duration as OpenAI writes it: {@code 12ms}, {@code 3s}, {@code 6m0s}. */
  static String duration(long millis) {
    if (millis < 1000) {
      return Math.max(0, millis) + "ms";
    }
    long seconds = (millis + 999) / 1000;
    long minutes = seconds / 60;
    if (minutes == 0) {
      return seconds + "s";
    }
    return minutes < 60
        ? minutes + "m" + seconds % 60 + "s"
        : minutes / 60 + "h" + minutes % 60 + "m" + seconds % 60 + "s";
  }
}
