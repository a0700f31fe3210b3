package io.penstock.server.call.accounting;

import io.penstock.budget.Ask;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.server.call.Call;
import io.penstock.server.call.InputEstimate;
import io.penstock.server.call.prompt.Elsewhere;
import io.penstock.server.targets.TargetRuntime;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What an attempt may cost at most: what is held before it is made.
 *
 * @param nanos nano-USD
 * @param tokens input and output
 * @param output tokens that it may write, all answers together
 */
public record WorstCase(long nanos, long tokens, long output) {
  /** Longer a store does not take to answer a reservation. */
  private static final long STORE_MILLIS = 15_000;

  private static final long MINUTE_MILLIS = 60_000;

  /** Returns the worst case of an attempt that writes so many tokens, all answers together. */
  public static WorstCase of(Call call, TargetRuntime target, long outputTokens) {
    byte[] added = target.parameters();
    Elsewhere elsewhere = elsewhere(call, added);
    long input = InputEstimate.upperBound(call, target, elsewhere);
    Usage fees = Fees.upperBound(call, target, elsewhere.uses());
    Set<String> tiers = Fees.tiers(call, target);
    long nanos = nanos(call, target.price(), input, outputTokens, fees, tiers);
    return new WorstCase(nanos, input + outputTokens, outputTokens);
  }

  /**
   * Returns the most that so many tokens and fees cost, nano-USD. Billed is at the price of when
   * the reservation is there: now, or once a store has answered.
   */
  public static long nanos(
      Call call, PricedModel price, long input, long output, Usage fees, Set<String> tiers) {
    long now = call.startMillis() + TimeUnit.NANOSECONDS.toMillis(call.tally().elapsedNanos());
    long nanos = price.boundNanos(input, output, fees, tiers, now);
    long later = now + STORE_MILLIS;
    if (now / MINUTE_MILLIS != later / MINUTE_MILLIS) {
      // Prices change by the minute.
      nanos = Math.max(nanos, price.boundNanos(input, output, fees, tiers, later));
    }
    return Math.min(nanos, Ask.MOST);
  }

  /** What the client's request and the route's own parameters have the provider do, together. */
  private static Elsewhere elsewhere(Call call, byte[] added) {
    Elsewhere asked = call.wants().elsewhere();
    return added.length == 0 || !call.surface().endpoint().isConversation()
        ? asked
        : asked.and(Elsewhere.of(RequestBody.parse(added), false));
  }
}
