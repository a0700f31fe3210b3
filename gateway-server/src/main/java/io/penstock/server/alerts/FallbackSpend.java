package io.penstock.server.alerts;

import io.penstock.core.route.Reason;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Adds up what each model costs in an hour (UTC), and how much of it went to fallbacks: attempts on
 * a target that was asked because another had failed, or was passed over (breaker, cooldown,
 * concurrency) in a list by priority. Confined to the ledger's thread, but for the sum.
 */
final class FallbackSpend {
  /** The share of an hour's spend from which it is told. */
  static final double TOLD = 0.10;

  private final LongAdder allNanos = new LongAdder();
  private final Map<String, Sums> models = new HashMap<>();
  private long hour;

  /** One model's hour so far, nano-USD. */
  private static final class Sums {
    long total;
    long fallback;
    boolean told;
  }

  /**
   * A model whose fallbacks have reached the share.
   *
   * @param hour since the epoch
   * @param target of the last fallback
   * @param reason why it was asked
   */
  record Hour(
      String model, long hour, long fallbackNanos, long totalNanos, String target, String reason) {
    double share() {
      return fallbackNanos / (double) totalNanos;
    }
  }

  /** Returns what all fallbacks have cost since the process began, nano-USD. Any thread. */
  long allNanos() {
    return allNanos.sum();
  }

  /** Takes in a row; returns what is to be told, once per model and hour. */
  @Nullable Hour add(LedgerRow row) {
    Cause cause = row.attempt().cause();
    long cost = row.money().cost();
    LedgerRow.Destination to = row.destination();
    if (cost <= 0 || to.route().isEmpty() || cause.isOverhead()) {
      return null;
    }
    long at = TimeUnit.MILLISECONDS.toHours(row.times().endedAt());
    if (at < hour) {
      return null;
    }
    if (at > hour) {
      hour = at;
      models.clear();
    }
    Sums sums = models.computeIfAbsent(to.route(), model -> new Sums());
    sums.total += cost;
    if (cause != Cause.FALLBACK && !Reason.isPassedOver(to.reason())) {
      return null;
    }
    allNanos.add(cost);
    sums.fallback += cost;
    if (sums.told || sums.fallback < TOLD * sums.total) {
      return null;
    }
    sums.told = true;
    String target = to.provider() + '/' + to.model();
    return new Hour(to.route(), hour, sums.fallback, sums.total, target, to.reason());
  }
}
