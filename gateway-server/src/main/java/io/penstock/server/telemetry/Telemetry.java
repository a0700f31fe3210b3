package io.penstock.server.telemetry;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.penstock.core.Ticker;
import io.penstock.ledger.Content;
import io.penstock.ledger.Counter;
import io.penstock.ledger.Ledger;
import io.penstock.server.config.TelemetryConfig;
import io.penstock.server.config.value.SecretUrl;
import java.util.UUID;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway tells others, as configured: OTLP, a request log, both or nothing. Any thread;
 * nothing here waits but {@link #close}.
 */
public final class Telemetry implements AutoCloseable {
  private static final int ROOM = 16_384;
  private static final int BATCH = 512;
  private static final long PAUSE_MILLIS = 500;

  /** Only content has a size worth counting; rows are bounded by their number. */
  private static final Outbox.Room<Object> WAITING =
      new Outbox.Room<>(ROOM, 64L << 20, Telemetry::size, BATCH, PAUSE_MILLIS);

  private final @Nullable Outbox<Object> otlp;
  private final @Nullable Outbox<Object> log;

  private Telemetry(@Nullable Outbox<Object> otlp, @Nullable Outbox<Object> log) {
    this.otlp = otlp;
    this.log = log;
  }

  /**
   * Starts what is configured and listens to the ledger's committed rows.
   *
   * @param shownModels what metrics call a provider's model
   * @param units the unit of a counter's charges, for the request log
   */
  public static Telemetry start(
      TelemetryConfig config,
      BinaryOperator<String> shownModels,
      Function<Counter, @Nullable String> units,
      Ticker ticker,
      Ledger ledger,
      MeterRegistry registry) {
    String collector = text(config.otlp());
    String requests = text(config.requests());
    Receivers receivers = new Receivers(config.headers());
    Outbox<Object> otlp =
        collector.isEmpty()
            ? null
            : new Outbox<>(
                "otlp", WAITING, new OtlpExporter(collector, receivers, shownModels, ticker));
    Outbox<Object> log =
        requests.isEmpty()
            ? null
            : new Outbox<>("request-log", WAITING, new RequestLog(requests, receivers, units));
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

  private static String text(@Nullable SecretUrl url) {
    return url == null ? "" : url.reveal();
  }

  private static long size(Object item) {
    return item instanceof Content content
        ? content.request().length + (long) content.response().length
        : 0;
  }

  private static void lost(MeterRegistry registry, Outbox<?> outbox, String to) {
    FunctionCounter.builder("penstock.telemetry.lost", outbox, Outbox::lost)
        .description("What was dropped because its receiver was slow or away")
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

  /** Tells what a request said, redacted. */
  public void said(Content content) {
    if (log != null) {
      log.put(content);
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
