package io.penstock.budget;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Settled spend has passed a threshold. Raised once per window, subject and limit over all
 * replicas, and once more when what was given back had brought it below; again with the same id
 * when a replica may have died before it was sent.
 *
 * @param id the same for the same counter, threshold, limit and last return of budget
 * @param counter whose
 * @param percent the threshold
 * @param limit the limit of which it is a share
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

  /**
   * Creates it.
   *
   * @param given version of the ledger's part that last gave something back; 0: none did
   * @param now epoch milliseconds
   */
  static BudgetAlert of(
      CounterKey counter, int percent, Limit limit, long spent, long given, long now) {
    String of = "%s %d %d %d".formatted(counter.id(), percent, limit.amount(), given);
    UUID id = UUID.nameUUIDFromBytes(of.getBytes(StandardCharsets.US_ASCII));
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
