package io.penstock.server.report;

import io.penstock.cache.CacheScope;
import io.penstock.cache.semantic.Forecast;
import io.penstock.cache.semantic.QuestionScorer;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.Measure;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.config.CacheConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.value.Share;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What caching would have saved of recorded traffic, for {@code penstock report --cache} and {@code
 * /admin/v1/cache/forecast}: exact duplicates by time to live; near duplicates by share of false
 * hits, where the ledger keeps content.
 */
public final class CacheForecast {
  /** The admin port's: more rows are left out, from the oldest day on. */
  private static final long MAX_ROWS = 200_000;

  /** A question takes some milliseconds to embed. */
  private static final int MAX_QUESTIONS = 10_000;

  private static final long DAY = Duration.ofDays(1).toMillis();
  private static final int MAX_DAYS = 30;
  private static final List<Long> TTLS =
      List.of(Duration.ofHours(1).toMillis(), Duration.ofHours(6).toMillis(), DAY);
  private static final List<Double> SHARES = List.of(0.01, 0.03);

  private CacheForecast() {}

  /**
   * A finished forecast.
   *
   * @param by the dimensions of its lines
   * @param from epoch milliseconds, included
   * @param to epoch milliseconds, excluded
   * @param requests that went upstream and were answered
   * @param withContent of how many of them the content was kept
   */
  public record Result(
      List<String> by,
      long from,
      long to,
      long requests,
      long withContent,
      List<Forecast.Line> lines) {
    public Result {
      by = List.copyOf(by);
      lines = List.copyOf(lines);
    }
  }

  /**
   * Makes one for a period. Blocks: reads every request.
   *
   * @throws IllegalArgumentException when there is no such dimension
   */
  public static Result of(
      LedgerQueries ledger, Config config, List<String> by, long from, long to) {
    try (QuestionScorer scorer = new QuestionScorer()) {
      Forecast forecast = new Forecast(ttls(config), shares(config), scorer, MAX_QUESTIONS);
      CacheTraffic traffic = new CacheTraffic(by, scope(config), forecast);
      traffic.read(ledger, from, to);
      return new Result(by, from, to, traffic.requests(), traffic.withContent(), forecast.lines());
    }
  }

  /** Makes one for the days before now whose calls together are few enough. */
  public static Result recent(LedgerQueries ledger, Config config, List<String> by, long now) {
    long from = now;
    long rows = 0;
    for (int day = 0; day < MAX_DAYS; day++) {
      rows +=
          ledger
              .spend(new SpendQuery(List.of(), from - DAY, from, Map.of(), false))
              .total()
              .of(Measure.CALLS);
      if (rows > MAX_ROWS && day > 0) {
        break;
      }
      from -= DAY;
    }
    return of(ledger, config, by, from, now);
  }

  /** The usual ones, and those that are configured. */
  private static List<Long> ttls(Config config) {
    List<Long> ttls = new ArrayList<>(TTLS);
    config.cache().exact().forEach(rule -> ttls.add(rule.ttl().toMillis()));
    return ttls;
  }

  private static List<Double> shares(Config config) {
    List<Double> shares = new ArrayList<>(SHARES);
    for (CacheConfig.SemanticConfig rule : config.cache().semantic()) {
      Share bound = rule.maxFalseHits();
      if (bound != null) {
        shares.add(bound.value());
      }
    }
    return shares;
  }

  private static CacheScope.Kind scope(Config config) {
    List<CacheConfig.ExactConfig> rules = config.cache().exact();
    return rules.isEmpty()
        ? CacheScope.Kind.TEAM
        : CacheScope.Kind.valueOf(rules.getFirst().scope().name());
  }
}
