package io.penstock.budget;

import java.util.UUID;

/**
 * Settled spend has passed a threshold. Raised once per window and subject over all replicas; again
 * with the same id when a replica may have died before it was sent.
 *
 * @param id the same for the same counter and threshold
 * @param counter whose
 * @param percent the threshold
 * @param limit the limit at this moment
 * @param spent what settled calls cost
 * @param atMillis epoch milliseconds
 * @param perHour the pace since the window began, in the limit's unit; 0 for {@code total}
 * @param endsAtMillis when the limit is reached at this pace, epoch milliseconds; {@link
 *     Long#MAX_VALUE} when the window ends first
 */
public record BudgetAlert(
    UUID id,
    CounterKey counter,
    int percent,
    Limit limit,
    long spent,
    long atMillis,
    long perHour,
    long endsAtMillis) {

  static BudgetAlert of(CounterKey counter, int percent, Limit limit, long spent, long now) {
    UUID id =
        new UUID(
            counter.id().getMostSignificantBits(),
            counter.id().getLeastSignificantBits() + percent);
    if (counter.windowEnd() == Long.MAX_VALUE) {
      return new BudgetAlert(id, counter, percent, limit, spent, now, 0, Long.MAX_VALUE);
    }
    // Millionths of the amount would overflow at 9 billion USD: divide first, a minute at least.
    long minutes = Math.max(1, (now - counter.windowStart()) / 60_000);
    long perMinute = Math.max(1, spent / minutes);
    long left = Math.max(0, limit.amount() - spent) / perMinute;
    long end = now + Math.min(left, 600_000_000L) * 60_000;
    return new BudgetAlert(
        id,
        counter,
        percent,
        limit,
        spent,
        now,
        perMinute > Long.MAX_VALUE / 60 ? Long.MAX_VALUE : perMinute * 60,
        end < counter.windowEnd() ? end : Long.MAX_VALUE);
  }
}
