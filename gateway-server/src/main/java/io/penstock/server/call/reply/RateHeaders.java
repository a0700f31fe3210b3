package io.penstock.server.call.reply;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.penstock.budget.RateState;
import io.penstock.core.Dialect;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The gateway's limits in the header names of each surface. Stateless. */
public final class RateHeaders {
  private static final Names OPENAI_REQUESTS = openAi("requests");
  private static final Names OPENAI_TOKENS = openAi("tokens");
  private static final Names ANTHROPIC_REQUESTS = anthropic("requests");
  private static final Names ANTHROPIC_TOKENS = anthropic("tokens");

  private RateHeaders() {}

  /** Made once: they are in every answer of a caller with a rate. */
  private record Names(AsciiString limit, AsciiString remaining, AsciiString reset) {}

  private static Names openAi(String what) {
    return new Names(
        AsciiString.cached("x-ratelimit-limit-" + what),
        AsciiString.cached("x-ratelimit-remaining-" + what),
        AsciiString.cached("x-ratelimit-reset-" + what));
  }

  private static Names anthropic(String what) {
    String prefix = "anthropic-ratelimit-" + what;
    return new Names(
        AsciiString.cached(prefix + "-limit"),
        AsciiString.cached(prefix + "-remaining"),
        AsciiString.cached(prefix + "-reset"));
  }

  /**
   * Adds the tightest rate of requests and of tokens.
   *
   * @param storeNow the store's time at which the client is told, epoch milliseconds
   */
  public static void add(
      HttpHeaders headers, Dialect dialect, List<RateState> rates, long storeNow) {
    RateState requests = null;
    RateState tokens = null;
    for (RateState rate : rates) {
      if (rate.tokens()) {
        tokens = tighter(tokens, rate);
      } else {
        requests = tighter(requests, rate);
      }
    }
    if (dialect == Dialect.OPENAI) {
      addOpenAi(headers, OPENAI_REQUESTS, requests, storeNow);
      addOpenAi(headers, OPENAI_TOKENS, tokens, storeNow);
    } else if (dialect == Dialect.ANTHROPIC) {
      addAnthropic(headers, ANTHROPIC_REQUESTS, requests, storeNow);
      addAnthropic(headers, ANTHROPIC_TOKENS, tokens, storeNow);
    }
  }

  private static RateState tighter(@Nullable RateState one, RateState other) {
    return one == null || share(other) < share(one) ? other : one;
  }

  private static double share(RateState rate) {
    return (double) rate.remaining() / Math.max(1, rate.limit());
  }

  private static void addOpenAi(
      HttpHeaders headers, Names names, @Nullable RateState rate, long storeNow) {
    if (rate != null) {
      amounts(headers, names, rate);
      headers.set(names.reset, duration(rate.resetAt() - storeNow));
    }
  }

  private static void addAnthropic(
      HttpHeaders headers, Names names, @Nullable RateState rate, long storeNow) {
    if (rate != null) {
      amounts(headers, names, rate);
      headers.set(names.reset, Instant.ofEpochMilli(Math.max(storeNow, rate.resetAt())).toString());
    }
  }

  private static void amounts(HttpHeaders headers, Names names, RateState rate) {
    headers.set(names.limit, rate.limit());
    headers.set(names.remaining, Math.max(0, rate.remaining()));
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
