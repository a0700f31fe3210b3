package io.penstock.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** What attempts at providers cost, used and took, counted by their ledger rows. Thread-safe. */
final class AttemptMeters {
  private static final List<Meter> READ_FROM_CACHE =
      List.of(
          Meter.CACHE_READ, Meter.CACHE_READ_AUDIO, Meter.CACHE_READ_IMAGE, Meter.CACHE_READ_VIDEO);

  private static final String ROUTING = "routing";
  private static final String EXACT_CACHE = "exact_cache";

  private static final String[] ENDINGS =
      Arrays.stream(Ending.values()).map(AttemptMeters::word).toArray(String[]::new);

  private record Key(String provider, String model, String team, String app, String outcome) {}

  private record Meters(Counter attempts, Counter cost, Timer firstToken, Counter[] tokens) {}

  private final MeterRegistry registry;
  private final Counters counters;
  private final ConcurrentHashMap<Key, Meters> known = new ConcurrentHashMap<>();
  private final Counter unattributed;

  AttemptMeters(MeterRegistry registry, Counters counters) {
    this.registry = registry;
    this.counters = counters;
    this.unattributed =
        Counter.builder("penstock.unattributed.usd")
            .description("Cost of calls that have no team")
            .register(registry);
    // At 0 from the start: an increase from nothing is none to an alert rule.
    for (Waste waste : Waste.values()) {
      if (waste != Waste.NONE) {
        wasted(waste);
      }
    }
    for (Cause cause : List.of(Cause.SHADOW, Cause.VERIFY, Cause.EMBEDDING)) {
      overhead(cause);
    }
  }

  private Counter wasted(Waste waste) {
    return counters.of("penstock.wasted.usd", "cause", word(waste));
  }

  private Counter overhead(Cause cause) {
    return counters.of("penstock.overhead.usd", "cause", word(cause));
  }

  /** As {@link CallMetrics#attempt}. */
  void count(LedgerRow row, String model) {
    LedgerRow.Caller by = row.caller();
    String outcome =
        row.outcome().error().isEmpty()
            ? ENDINGS[row.outcome().ending().ordinal()]
            : row.outcome().status() > 0 ? Integer.toString(row.outcome().status()) : "failed";
    Key key = new Key(row.destination().provider(), model, by.team(), by.app(), outcome);
    Meters meters = known.get(key);
    if (meters == null) {
      meters = known.computeIfAbsent(key, this::register);
    }
    meters.attempts.increment();
    double usd = row.money().cost() / 1e9;
    meters.cost.increment(usd);
    if (by.team().isEmpty()) {
      unattributed.increment(usd);
    }
    if (row.times().firstTokenNanos() >= 0) {
      meters.firstToken.record(row.times().firstTokenNanos(), TimeUnit.NANOSECONDS);
    }
    tokens(meters.tokens, row.usage());
    if (row.money().saved() > 0) {
      String saver = row.outcome().cache().saves() ? EXACT_CACHE : ROUTING;
      saved(saver, by.team(), row.money().saved());
    }
    if (row.money().premium() > 0) {
      premium(ROUTING, by.team(), row.money().premium());
    }
    if (row.attempt().cause().isOverhead()) {
      overhead(row.attempt().cause()).increment(usd);
    }
    if (row.outcome().waste() != Waste.NONE) {
      wasted(row.outcome().waste()).increment(usd);
    }
  }

  /** Their process cannot count them any more. */
  void crashed(long nanos) {
    wasted(Waste.CRASH).increment(nanos / 1e9);
  }

  void saved(String by, String team, long nanos) {
    counters.of("penstock.saved.usd", "by", by, "team", team).increment(nanos / 1e9);
  }

  void premium(String by, String team, long nanos) {
    counters.of("penstock.premium.usd", "by", by, "team", team).increment(nanos / 1e9);
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static void tokens(Counter[] counters, Usage usage) {
    long read = 0;
    long reasoning = usage.of(Meter.OUTPUT_REASONING);
    long written = usage.of(Meter.CACHE_WRITE) + usage.of(Meter.CACHE_WRITE_1H);
    for (Meter meter : READ_FROM_CACHE) {
      read += usage.of(meter);
    }
    add(counters[0], usage.inputTokens() - read - written);
    add(counters[1], read);
    add(counters[2], written);
    add(counters[3], usage.outputTokens() - reasoning);
    add(counters[4], reasoning);
  }

  private static void add(Counter counter, long amount) {
    if (amount > 0) {
      counter.increment((double) amount);
    }
  }

  private Meters register(Key key) {
    Tags target = Tags.of("provider", key.provider, "model", key.model);
    Tags team = target.and("team", key.team);
    String[] types = {"input", "cache_read", "cache_write", "output", "reasoning"};
    Counter[] tokens = new Counter[types.length];
    for (int i = 0; i < types.length; i++) {
      tokens[i] =
          Counter.builder("penstock.tokens")
              .description("Tokens of attempts, as providers counted them")
              .tags(team.and("type", types[i]))
              .register(registry);
    }
    return new Meters(
        Counter.builder("penstock.upstream.attempts")
            .description("Calls of providers")
            .tags(target.and("outcome", key.outcome))
            .register(registry),
        Counter.builder("penstock.cost.usd")
            .description("Cost of attempts")
            .tags(team.and("app", key.app))
            .register(registry),
        Timer.builder("penstock.first.token")
            .description("Time until a provider's first content")
            .serviceLevelObjectives(CallMetrics.ANSWER_BUCKETS)
            .tags(target)
            .register(registry),
        tokens);
  }
}
