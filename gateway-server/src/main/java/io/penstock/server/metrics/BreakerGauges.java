package io.penstock.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.penstock.core.route.HealthBoard;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Breakers of targets, by what metrics call their models: names that clients make up behind a
 * wildcard share a gauge. Thread-safe.
 */
public final class BreakerGauges {
  private record Shown(String provider, String model) {}

  private final MeterRegistry registry;

  /** The targets behind each gauge; as many as the board knows at most. */
  private final ConcurrentHashMap<Shown, Set<String>> targets = new ConcurrentHashMap<>();

  BreakerGauges(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * Shows a target's breaker from now on.
   *
   * @param target {@code provider/model}
   * @param model what metrics call it
   */
  public void show(HealthBoard health, String target, String provider, String model) {
    targets
        .computeIfAbsent(new Shown(provider, model), shown -> register(health, shown))
        .add(target);
  }

  private Set<String> register(HealthBoard health, Shown shown) {
    Set<String> behind = ConcurrentHashMap.newKeySet();
    Gauge.builder(
            "penstock.breaker.open", behind, all -> all.stream().anyMatch(health::isOpen) ? 1 : 0)
        .description("1 while a target is not asked because it failed")
        .tag("provider", shown.provider())
        .tag("model", shown.model())
        .register(registry);
    return behind;
  }
}
