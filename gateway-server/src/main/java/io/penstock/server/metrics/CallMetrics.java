package io.penstock.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Counts requests and attempts. Meters are found once for each combination of labels and kept, so
 * labels come from the configuration and the catalogue: a model is told by what its target is shown
 * as, never by a name that a client made up.
 */
public final class CallMetrics {
  private static final Duration[] REQUEST_BUCKETS =
      millis(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000);
  private static final Duration[] OVERHEAD_BUCKETS =
      micros(50, 100, 200, 300, 500, 750, 1_000, 2_000, 5_000, 10_000, 50_000, 250_000, 1_000_000);

  private static final List<Meter> READ_FROM_CACHE =
      List.of(
          Meter.CACHE_READ, Meter.CACHE_READ_AUDIO, Meter.CACHE_READ_IMAGE, Meter.CACHE_READ_VIDEO);

  private static final String ROUTING = "routing";
  private static final String EXACT_CACHE = "exact_cache";

  private static final String[] ENDINGS =
      Arrays.stream(Ending.values()).map(CallMetrics::word).toArray(String[]::new);

  private record RequestKey(
      String endpoint, String model, String provider, String team, int status) {}

  private record AttemptKey(
      String provider, String model, String team, String app, String outcome) {}

  private record RequestMeters(Counter total, Timer seconds) {}

  private record AttemptMeters(
      Counter attempts, Counter cost, Timer firstToken, Counter[] tokens) {}

  private final MeterRegistry registry;
  private final Timer overhead;
  private final ConcurrentHashMap<RequestKey, RequestMeters> requests = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<AttemptKey, AttemptMeters> attempts = new ConcurrentHashMap<>();
  private final Counters counters;
  private final HitErrorGauges hitErrors;
  private final Counter unattributed;
  private final Counter providerCache;

  /** Registers the meters that have no labels. */
  public CallMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.counters = new Counters(registry);
    this.hitErrors = new HitErrorGauges(registry);
    this.overhead =
        Timer.builder("penstock.overhead")
            .description("Time in the gateway, queueing included, upstream excluded")
            .serviceLevelObjectives(OVERHEAD_BUCKETS)
            .register(registry);
    this.providerCache =
        Counter.builder("penstock.provider.cache.usd")
            .description("What providers' own prompt caches made cheaper")
            .register(registry);
    this.unattributed =
        Counter.builder("penstock.unattributed.usd")
            .description("Cost of calls that have no team")
            .register(registry);
  }

  private static Duration[] millis(long... values) {
    Duration[] all = new Duration[values.length];
    for (int i = 0; i < values.length; i++) {
      all[i] = Duration.ofMillis(values[i]);
    }
    return all;
  }

  private static Duration[] micros(long... values) {
    Duration[] all = new Duration[values.length];
    for (int i = 0; i < values.length; i++) {
      all[i] = Duration.ofNanos(values[i] * 1000);
    }
    return all;
  }

  /**
   * Counts a finished request.
   *
   * @param model what metrics call the target's model, "" when none was tried
   */
  public void request(
      String endpoint,
      String model,
      String provider,
      String team,
      int status,
      long nanos,
      long overheadNanos) {
    RequestMeters meters = meters(new RequestKey(endpoint, model, provider, team, status));
    meters.total.increment();
    meters.seconds.record(nanos, TimeUnit.NANOSECONDS);
    overhead.record(overheadNanos, TimeUnit.NANOSECONDS);
  }

  /**
   * Counts a request that was refused by its head. It has no times: under a flood of these they
   * would hide how slow the others are.
   */
  public void refusedEarly(String endpoint, String team, int status) {
    meters(new RequestKey(endpoint, "", "", team, status)).total.increment();
  }

  private RequestMeters meters(RequestKey key) {
    RequestMeters meters = requests.get(key);
    return meters == null ? requests.computeIfAbsent(key, this::requestMeters) : meters;
  }

  private RequestMeters requestMeters(RequestKey key) {
    Tags tags =
        Tags.of(
            "endpoint", key.endpoint,
            "model", key.model,
            "provider", key.provider,
            "team", key.team,
            "status", Integer.toString(key.status));
    return new RequestMeters(
        Counter.builder("penstock.requests")
            .description("Finished requests, refused ones included")
            .tags(tags)
            .register(registry),
        Timer.builder("penstock.request")
            .description("Time from the request's head to the last byte of its answer")
            .serviceLevelObjectives(REQUEST_BUCKETS)
            .tags(tags)
            .register(registry));
  }

  /** Counts what the provider's own prompt cache made cheaper. */
  public void providerCache(long savedNanos) {
    providerCache.increment(savedNanos / 1e9);
  }

  /** Adds what an attempt has cost more than the worst case that was held for it, nano-USD. */
  public void boundExceeded(String provider, String model, long nanos) {
    Counter.builder("penstock.bound.exceeded.usd")
        .description("What attempts cost beyond the worst case that was held for them")
        .tags("provider", provider, "model", model)
        .register(registry)
        .increment(nanos / 1e9);
  }

  /** Counts a call that a budget refused. */
  public void budgetDenied(String budget) {
    counters.of("penstock.budget.denied", "budget", budget).increment();
  }

  /** Counts a call that a rate refused. */
  public void rateLimited(String limit) {
    counters.of("penstock.rate.limited", "limit", limit).increment();
  }

  /** Counts a look into a layer of the cache: hit, miss, refresh (not read) or bypass. */
  public void cacheRequest(String layer, String result) {
    cacheCounter(layer, result).increment();
  }

  /** Returns how often {@link #cacheRequest} has counted that. */
  public long cacheRequests(String layer, String result) {
    return (long) cacheCounter(layer, result).count();
  }

  /** Counts a check of a stored answer: right, wrong, or skipped for want of time. */
  public void cacheCheck(String result) {
    counters.of("penstock.cache.checks", "result", result).increment();
  }

  /**
   * Shows what share of a rule's hits on a route is wrong, 0..1.
   *
   * @param low and {@code high}: the 95 % interval around the estimate
   */
  public void cacheWrong(String rule, String route, double low, double estimate, double high) {
    hitErrors.show(rule, route, low, estimate, high);
  }

  /** Counts a prompt that was embedded for its route's router, or for which there was no time. */
  public void routerEmbedding(boolean made) {
    counters.of("penstock.router.embeddings", "result", made ? "made" : "left_out").increment();
  }

  private Counter cacheCounter(String layer, String result) {
    return counters.of("penstock.cache.requests", "layer", layer, "result", result);
  }

  /** Adds what a call would have cost more, nano-USD. */
  public void saved(String by, String team, long nanos) {
    counters.of("penstock.saved.usd", "by", by, "team", team).increment(nanos / 1e9);
  }

  /** Adds what the gateway's choice has cost more, nano-USD. */
  public void premium(String by, String team, long nanos) {
    counters.of("penstock.premium.usd", "by", by, "team", team).increment(nanos / 1e9);
  }

  /**
   * Counts a finished attempt by its ledger row.
   *
   * @param model what metrics call the target's model: the row's own may be a client's invention
   */
  public void attempt(LedgerRow row, String model) {
    LedgerRow.Caller by = row.caller();
    String outcome =
        row.outcome().error().isEmpty()
            ? ENDINGS[row.outcome().ending().ordinal()]
            : row.outcome().status() > 0 ? Integer.toString(row.outcome().status()) : "failed";
    AttemptKey key =
        new AttemptKey(row.destination().provider(), model, by.team(), by.app(), outcome);
    AttemptMeters meters = attempts.get(key);
    if (meters == null) {
      meters = attempts.computeIfAbsent(key, this::attemptMeters);
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
      counters.of("penstock.overhead.usd", "cause", word(row.attempt().cause())).increment(usd);
    }
    if (row.outcome().waste() != Waste.NONE) {
      counters.of("penstock.wasted.usd", "cause", word(row.outcome().waste())).increment(usd);
    }
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

  private AttemptMeters attemptMeters(AttemptKey key) {
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
    return new AttemptMeters(
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
            .serviceLevelObjectives(REQUEST_BUCKETS)
            .tags(target)
            .register(registry),
        tokens);
  }
}
