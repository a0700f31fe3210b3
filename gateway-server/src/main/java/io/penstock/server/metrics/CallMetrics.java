package io.penstock.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.penstock.ledger.LedgerRow;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Counts requests and attempts. Meters are found once for each combination of labels and kept, so
 * labels come from the configuration and the catalogue: a model is told by what its target is shown
 * as, never by a name that a client made up.
 */
public final class CallMetrics {
  /** Of times that a provider's answer is part of. */
  static final Duration[] ANSWER_BUCKETS =
      millis(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000);

  private static final Duration[] OVERHEAD_BUCKETS =
      micros(50, 100, 200, 300, 500, 750, 1_000, 2_000, 5_000, 10_000, 50_000, 250_000, 1_000_000);

  private record RequestKey(
      String endpoint, String model, String provider, String team, int status) {}

  private record RequestMeters(Counter total, Timer seconds) {}

  private final MeterRegistry registry;
  private final Timer overhead;
  private final ConcurrentHashMap<RequestKey, RequestMeters> requests = new ConcurrentHashMap<>();
  private final AttemptMeters attempts;
  private final Counters counters;
  private final HitErrorGauges hitErrors;
  private final BreakerGauges breakers;
  private final Counter providerCache;

  /** Registers the meters that have no labels. */
  public CallMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.counters = new Counters(registry);
    this.attempts = new AttemptMeters(registry, counters);
    this.hitErrors = new HitErrorGauges(registry);
    this.breakers = new BreakerGauges(registry);
    this.overhead =
        Timer.builder("penstock.overhead")
            .description("Time in the gateway, queueing included, upstream excluded")
            .serviceLevelObjectives(OVERHEAD_BUCKETS)
            .register(registry);
    this.providerCache =
        Counter.builder("penstock.provider.cache.usd")
            .description("What providers' own prompt caches made cheaper")
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

  /** Returns the gauges of breakers. */
  public BreakerGauges breakers() {
    return breakers;
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
            .serviceLevelObjectives(ANSWER_BUCKETS)
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

  /** Adds what an answer used of a meter that has no rate, in the meter's own counts. */
  public void unpriced(String provider, String model, String meter, long count) {
    Counter.builder("penstock.unpriced")
        .description("What answers used of meters that have no rate: booked without it")
        .tags("provider", provider, "model", model, "meter", meter)
        .register(registry)
        .increment((double) count);
  }

  /**
   * Shows the refusals of what is configured from its first moment: of a counter that begins with
   * its first refusals Prometheus sees no increase.
   */
  public void refusing(Iterable<String> budgets, Iterable<String> limits) {
    budgets.forEach(budget -> counters.of("penstock.budget.denied", "budget", budget));
    limits.forEach(limit -> counters.of("penstock.rate.limited", "limit", limit));
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
    attempts.saved(by, team, nanos);
  }

  /** Adds what the gateway's choice has cost more, nano-USD. */
  public void premium(String by, String team, long nanos) {
    attempts.premium(by, team, nanos);
  }

  /** Adds what attempts of processes that died were booked at by this start, nano-USD. */
  public void crashed(long nanos) {
    attempts.crashed(nanos);
  }

  /**
   * Counts a finished attempt by its ledger row.
   *
   * @param model what metrics call the target's model: the row's own may be a client's invention
   */
  public void attempt(LedgerRow row, String model) {
    attempts.count(row, model);
  }
}
