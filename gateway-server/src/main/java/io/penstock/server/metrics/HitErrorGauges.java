package io.penstock.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;

/**
 * How large a share of the semantic layer's hits is wrong, by rule and route: the estimate and its
 * 95 % interval. Thread-safe.
 */
final class HitErrorGauges {
  private final MeterRegistry registry;
  private final ConcurrentHashMap<Key, Shares> shown = new ConcurrentHashMap<>();

  private record Key(String rule, String route) {}

  /** What is shown now. */
  private static final class Shares {
    private volatile double low;
    private volatile double estimate;
    private volatile double high;
  }

  HitErrorGauges(MeterRegistry registry) {
    this.registry = registry;
  }

  void show(String rule, String route, double low, double estimate, double high) {
    Shares shares = shown.computeIfAbsent(new Key(rule, route), this::register);
    shares.low = low;
    shares.estimate = estimate;
    shares.high = high;
  }

  private Shares register(Key key) {
    Shares shares = new Shares();
    gauge(key, "low", shares, s -> s.low);
    gauge(key, "estimate", shares, s -> s.estimate);
    gauge(key, "high", shares, s -> s.high);
    return shares;
  }

  private void gauge(Key key, String bound, Shares shares, ToDoubleFunction<Shares> value) {
    Gauge.builder("penstock.cache.wrong.ratio", shares, value)
        .description("Share of checked semantic hits that were wrong, with its bounds")
        .tags("rule", key.rule, "route", key.route, "bound", bound)
        .register(registry);
  }
}
