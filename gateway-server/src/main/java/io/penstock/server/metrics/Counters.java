package io.penstock.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counters of one or two labels, each looked for in the registry once. Thread-safe. */
final class Counters {
  private record Key(String meter, String label, String value, String second, String secondValue) {
    Tags tags() {
      Tags tags = Tags.of(label, value);
      return second.isEmpty() ? tags : tags.and(second, secondValue);
    }
  }

  private static final Map<String, String> HELP =
      Map.of(
          "penstock.budget.denied", "Calls that a budget refused",
          "penstock.rate.limited", "Calls that a rate refused",
          "penstock.cache.checks", "Checks of stored answers",
          "penstock.router.embeddings", "Prompts that a router wanted embedded",
          "penstock.cache.requests", "Looks into the layers of the cache",
          "penstock.saved.usd", "What calls would have cost more",
          "penstock.premium.usd", "What the gateway's choices cost more",
          "penstock.overhead.usd", "Cost of calls that the gateway made for itself",
          "penstock.wasted.usd", "Cost of attempts that served nobody");

  private final MeterRegistry registry;
  private final ConcurrentHashMap<Key, Counter> known = new ConcurrentHashMap<>();

  Counters(MeterRegistry registry) {
    this.registry = registry;
  }

  Counter of(String meter, String label, String value) {
    return of(meter, label, value, "", "");
  }

  Counter of(String meter, String label, String value, String second, String secondValue) {
    Key key = new Key(meter, label, value, second, secondValue);
    Counter counter = known.get(key);
    return counter == null ? known.computeIfAbsent(key, this::register) : counter;
  }

  private Counter register(Key key) {
    return Counter.builder(key.meter())
        .description(HELP.get(key.meter()))
        .tags(key.tags())
        .register(registry);
  }
}
