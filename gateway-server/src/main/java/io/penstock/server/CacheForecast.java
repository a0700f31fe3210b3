package io.penstock.server;

import io.penstock.cache.semantic.Forecast;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Measure;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.admin.AdminReply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code /admin/v1/cache/forecast}: how often calls that went upstream repeat an earlier one of
 * their team, from the ledger alone. It keeps no prompts: two calls count as the same when session
 * (without a header, a hash of the conversation's opening), model, endpoint and input tokens are.
 * That finds every repetition and a few that are none, so it is an upper bound. Blocks.
 */
final class CacheForecast {
  /** Rows are held while they are compared; more are left out from the oldest day on. */
  private static final long MAX_ROWS = 200_000;

  private static final long DAY = Duration.ofDays(1).toMillis();
  private static final int MAX_DAYS = 30;
  private static final Map<String, Long> TTLS = ttls();

  private final LedgerQueries ledger;
  private final long now;

  CacheForecast(LedgerQueries ledger, long nowMillis) {
    this.ledger = ledger;
    this.now = nowMillis;
  }

  private static Map<String, Long> ttls() {
    Map<String, Long> ttls = new LinkedHashMap<>();
    ttls.put("1h", Duration.ofHours(1).toMillis());
    ttls.put("6h", Duration.ofHours(6).toMillis());
    ttls.put("24h", Duration.ofHours(24).toMillis());
    return ttls;
  }

  AdminReply answer() {
    long from = from();
    List<Forecast.Recorded> recorded = new ArrayList<>();
    ledger.rows(from, now, row -> add(row, recorded));
    List<Long> ttls = List.copyOf(TTLS.values());
    List<Forecast.Line> lines =
        Forecast.of(recorded.stream(), ttls, List.of(), (cached, asked, sameDay) -> 0);
    List<Object> settings = new ArrayList<>();
    int at = 0;
    for (String ttl : TTLS.keySet()) {
      long hits = 0;
      long saved = 0;
      for (int i = at; i < lines.size(); i += TTLS.size()) {
        hits += lines.get(i).hits();
        saved += lines.get(i).savedNanos();
      }
      at++;
      settings.add(Map.of("ttl", ttl, "hits", hits, "saved_usd", NanoUsd.format(saved)));
    }
    return AdminReply.json(
        Map.of(
            "from",
            Instant.ofEpochMilli(from).toString(),
            "days",
            (now - from) / (double) DAY,
            "requests",
            recorded.size(),
            "settings",
            settings));
  }

  /** Returns the start of the days before now whose calls together are few enough. */
  private long from() {
    long from = now;
    long rows = 0;
    for (int day = 0; day < MAX_DAYS; day++) {
      rows +=
          ledger
              .spend(new SpendQuery(List.of(), from - DAY, from, Map.of(), false))
              .total()
              .of(Measure.CALLS);
      if (rows > MAX_ROWS && day > 0) {
        return from;
      }
      from -= DAY;
    }
    return from;
  }

  /** Only first attempts that were answered: what a cache could have served instead. */
  private static void add(LedgerRow row, List<Forecast.Recorded> recorded) {
    CacheOutcome cache = row.outcome().cache();
    boolean upstream = cache == CacheOutcome.OFF || cache == CacheOutcome.MISS;
    if (row.attempt().cause() != Cause.REQUEST
        || row.outcome().status() != 200
        || !upstream
        || row.attempt().number() == 0) {
      return;
    }
    LedgerRow.Destination to = row.destination();
    String key =
        String.join(
            "\u001f",
            row.caller().team(),
            row.caller().session(),
            to.endpoint(),
            to.asked(),
            Long.toString(row.usage().inputTokens()));
    recorded.add(
        new Forecast.Recorded(row.times().endedAt(), to.route(), key, "", "", row.money().cost()));
  }
}
