package io.penstock.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.penstock.ledger.Ledger;
import io.penstock.server.alerts.Alerts;
import io.penstock.server.alerts.Undelivered;
import io.penstock.server.call.Load;
import io.penstock.server.call.idempotency.SharedAnswers;
import io.penstock.server.config.value.Word;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Meters of the gateway as a whole, read from its parts when they are scraped. */
final class GatewayMeters {
  private GatewayMeters() {}

  /**
   * Registers them.
   *
   * @param answers null where replicas share nothing
   */
  static void register(
      MeterRegistry registry,
      Load load,
      Ledger ledger,
      Alerts alerts,
      @Nullable SharedAnswers answers) {
    Gauge.builder("penstock.inflight", load, Load::inflight)
        .description("Requests under way")
        .register(registry);
    Gauge.builder("penstock.ledger.queue", ledger, l -> l.stats().queue())
        .description("Records in the journal that wait for the database")
        .register(registry);
    Gauge.builder("penstock.ledger.oldest", ledger, l -> l.stats().oldestNanos() / 1e9)
        .description("How long the oldest record has waited for the database, 0 when none does")
        .baseUnit("seconds")
        .register(registry);
    FunctionCounter.builder("penstock.ledger.lost", ledger, l -> l.stats().lost())
        .description("Records that neither journal nor database took; stays 0")
        .register(registry);
    FunctionCounter.builder("penstock.ledger.refused", ledger, l -> l.stats().refused())
        .description("Rows that the database refuses for what they say; stays 0")
        .register(registry);
    FunctionCounter.builder("penstock.ledger.stalls", ledger, l -> l.stats().stalls())
        .description("Journal files that an event loop had to make, for none was ready")
        .register(registry);
    Gauge.builder("penstock.ledger.damaged", ledger, l -> l.recovery().damaged())
        .description("Journals of dead processes that this start found damaged; stays 0")
        .register(registry);
    for (Word.AlertKind kind : Word.AlertKind.values()) {
      FunctionCounter.builder("penstock.alerts", alerts, a -> a.raised(kind))
          .description("Alerts that were raised")
          .tag("kind", kind.name().toLowerCase(Locale.ROOT))
          .register(registry);
      for (Undelivered why : Undelivered.values()) {
        FunctionCounter.builder(
                "penstock.alerts.undelivered", alerts, a -> a.undelivered(kind, why))
            .description("Posts of alerts that a receiver never took")
            .tag("kind", kind.name().toLowerCase(Locale.ROOT))
            .tag("reason", why.name().toLowerCase(Locale.ROOT))
            .register(registry);
      }
    }
    FunctionCounter.builder("penstock.fallback.usd", alerts, Alerts::fallbackUsd)
        .description("Cost of attempts on targets that others were passed over for")
        .register(registry);
    if (answers != null) {
      FunctionCounter.builder("penstock.idempotency.alone", answers, SharedAnswers::alone)
          .description("Calls with an Idempotency-Key that other replicas do not know of")
          .register(registry);
    }
  }
}
