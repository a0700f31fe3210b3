package io.penstock.server.call.serve;

import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import java.math.BigDecimal;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's prompt cache holds of a conversation after an answer.
 *
 * @param tokens input tokens that the next turn finds there
 * @param ttlNanos how long they stay
 */
record PromptCache(long tokens, long ttlNanos) {
  private static final PromptCache COLD = new PromptCache(0, 0);

  /** OpenAI, Anthropic and Gemini keep a prefix for five minutes after its last use. */
  private static final long SHORT_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** Anthropic's {@code ttl: 1h}. */
  private static final long LONG_NANOS = TimeUnit.HOURS.toNanos(1);

  /** What providers that cache without being asked begin at, where the catalogue does not say. */
  private static final long LEAST_TOKENS = 1024;

  /**
   * Returns what is warm. A provider that reports reads or writes has said it; one that caches by
   * itself (reads are cheaper and writes cost nothing extra) reports only reads, so that its first
   * answer is taken at its price list's word.
   */
  static PromptCache after(PricedModel price, Usage usage, long epochMillis) {
    long written = usage.of(Meter.CACHE_WRITE) + usage.of(Meter.CACHE_WRITE_1H);
    long read = usage.of(Meter.CACHE_READ);
    BigDecimal input = price.rate(Meter.INPUT, epochMillis);
    boolean byItself =
        isBelow(price.rate(Meter.CACHE_READ, epochMillis), input)
            && !isBelow(input, price.rate(Meter.CACHE_WRITE, epochMillis));
    if (byItself) {
      long least = price.cacheMinimum() > 0 ? price.cacheMinimum() : LEAST_TOKENS;
      long all = usage.inputTokens();
      return all >= least ? new PromptCache(all, SHORT_NANOS) : COLD;
    }
    if (read + written == 0) {
      return COLD;
    }
    boolean lasts = usage.of(Meter.CACHE_WRITE_1H) > 0;
    return new PromptCache(read + written, lasts ? LONG_NANOS : SHORT_NANOS);
  }

  private static boolean isBelow(@Nullable BigDecimal one, @Nullable BigDecimal other) {
    return one != null && other != null && one.compareTo(other) < 0;
  }
}
