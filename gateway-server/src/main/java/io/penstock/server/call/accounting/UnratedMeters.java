package io.penstock.server.call.accounting;

import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what answers have used that has no rate and so was booked at nothing: a metric each time,
 * the log once for each target and meter. Thread-safe.
 */
final class UnratedMeters {
  private static final Logger LOG = LoggerFactory.getLogger(UnratedMeters.class);
  private static final int MAX_TOLD = 4096;

  private final CallMetrics metrics;
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  UnratedMeters(CallMetrics metrics) {
    this.metrics = metrics;
  }

  /**
   * Looks through what an answer reported.
   *
   * @param price of the model that answered
   * @param at epoch milliseconds
   */
  void check(TargetRuntime target, PricedModel price, Usage reported, long at) {
    if (!price.isPriced()) {
      return;
    }
    Meter unrated = price.unpriced(reported, at);
    Usage rest = reported;
    while (unrated != null) {
      say(target, unrated, reported.of(unrated));
      rest = rest.toBuilder().set(unrated, 0).build();
      unrated = price.unpriced(rest, at);
    }
  }

  private void say(TargetRuntime target, Meter meter, long count) {
    metrics.unpriced(target.provider().name(), target.shownModel(), meter.label(), count);
    if (told.size() < MAX_TOLD && told.add(target.label() + " " + meter.label())) {
      LOG.atWarn()
          .addKeyValue("target", target.label())
          .addKeyValue("meter", meter.label())
          .addKeyValue("count", count)
          .log("the answer used what has no price: booked without it (remedy: prices.files)");
    }
  }
}
