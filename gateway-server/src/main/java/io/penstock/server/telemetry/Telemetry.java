package io.penstock.server.telemetry;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.penstock.core.Ticker;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerRow;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway tells others, as configured: OTLP, a request log, both or nothing. Any thread;
 * nothing here waits but {@link #close}.
 */
public final class Telemetry implements AutoCloseable {
  private static final int ROOM = 16_384;
  private static final int BATCH = 512;
  private static final long PAUSE_MILLIS = 500;

  private final @Nullable Outbox<Object> otlp;
  private final @Nullable Outbox<LedgerRow> log;

  private Telemetry(@Nullable Outbox<Object> otlp, @Nullable Outbox<LedgerRow> log) {
    this.otlp = otlp;
    this.log = log;
  }

  /**
   * Starts what is configured and listens to the ledger's committed rows.
   *
   * @param collector such as {@code http://collector:4318}, "" for none
   * @param requests a path or an http(s) URL, "" for none
   */
  public static Telemetry start(
      String collector, String requests, Ticker ticker, Ledger ledger, MeterRegistry registry) {
    Outbox<Object> otlp =
        collector.isEmpty()
            ? null
            : new Outbox<>("otlp", ROOM, BATCH, PAUSE_MILLIS, new OtlpExporter(collector, ticker));
    Outbox<LedgerRow> log =
        requests.isEmpty()
            ? null
            : new Outbox<>("request-log", ROOM, BATCH, PAUSE_MILLIS, new RequestLog(requests));
    if (otlp != null) {
      ledger.onCommit(otlp::put);
      lost(registry, otlp, "otlp");
    }
    if (log != null) {
      ledger.onCommit(log::put);
      lost(registry, log, "request_log");
    }
    return new Telemetry(otlp, log);
  }

  private static void lost(MeterRegistry registry, Outbox<?> outbox, String to) {
    FunctionCounter.builder("penstock.telemetry.lost", outbox, Outbox::lost)
        .tag("to", to)
        .register(registry);
  }

  /** Returns whether exchanges and traces are wanted. */
  public boolean traces() {
    return otlp != null;
  }

  /** Tells of a request that has ended. */
  public void ended(ExchangeEnd exchange) {
    if (otlp != null) {
      otlp.put(exchange);
    }
  }

  /** Returns the {@code traceparent} of an attempt for its provider. */
  public static String traceparent(UUID request, @Nullable String received, int attempt) {
    return TraceContext.of(request, received).header(request, attempt);
  }

  @Override
  public void close() {
    if (otlp != null) {
      otlp.close();
    }
    if (log != null) {
      log.close();
    }
  }
}
