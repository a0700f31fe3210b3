package io.penstock.server.admin.route;

import io.penstock.budget.BudgetState;
import io.penstock.budget.Limit;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.Measure;
import io.penstock.ledger.SpendLine;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.config.BudgetConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * How a budget's counter got where it is: what was spent, step by step since its window began, and
 * when it ends at the pace of late. The steps come from the ledger, the present from the counter;
 * they may differ by what was topped up and by calls that ended after the window they were reserved
 * in. Blocks.
 */
final class BudgetBurn {
  /** A condition can only be followed call by call; beyond this many that would take too long. */
  private static final long MAX_ROWS = 200_000;

  /** A window without an end is shown from this long ago. */
  private static final long LONGEST = Duration.ofDays(90).toMillis();

  private static final long HOUR = Duration.ofHours(1).toMillis();
  private static final long DAY = Duration.ofDays(1).toMillis();

  private final LedgerQueries ledger;
  private final long now;
  private final Semaphore reports;

  /**
   * Creates one.
   *
   * @param reports the places that all reports share
   */
  BudgetBurn(LedgerQueries ledger, long nowMillis, Semaphore reports) {
    this.ledger = ledger;
    this.now = nowMillis;
    this.reports = reports;
  }

  /** Returns the steps and the pace; without steps where the ledger can't tell. */
  Map<String, @Nullable Object> of(BudgetConfig budget, BudgetState state) {
    long from = Math.max(state.counter().windowStart(), now - LONGEST);
    String step = now - from > 3 * DAY ? "day" : "hour";
    reports.acquireUninterruptibly();
    Map<String, Long> spent;
    try {
      spent = steps(budget, state, from, step);
    } finally {
      reports.release();
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("step", step);
    json.put("points", spent == null ? null : points(spent, state.unit()));
    double pace =
        spent == null
            ? (double) state.spent() / Math.max(1, now - from)
            : step.equals("day")
                ? pace(spent, from, 3 * DAY, DAY)
                : pace(spent, from, 6 * HOUR, HOUR);
    json.put("per_hour", show(Math.round(pace * HOUR), state.unit()));
    long left = state.limit() - state.spent();
    boolean ends = state.limit() >= 0 && left > 0 && pace > 0 && left / pace < 10L * 365 * DAY;
    json.put(
        "used_up_at", ends ? Instant.ofEpochMilli(now + (long) (left / pace)).toString() : null);
    return json;
  }

  private @Nullable Map<String, Long> steps(
      BudgetConfig budget, BudgetState state, long from, String step) {
    Map<String, String> where = where(budget.per(), state.counter().subject());
    if (where == null) {
      return null;
    }
    if (budget.when() == null) {
      return sums(new SpendQuery(List.of(step), from, now, where, false), state, null);
    }
    long rows =
        ledger
            .spend(new SpendQuery(List.of(), from, now, Map.of(), false))
            .total()
            .of(Measure.CALLS);
    return rows > MAX_ROWS
        ? null
        : sums(
            new SpendQuery(List.of(step, "budget"), from, now, where, false), state, budget.name());
  }

  /** Returns the sums by step, of that budget's lines when one is named. */
  private Map<String, Long> sums(SpendQuery query, BudgetState state, @Nullable String budget) {
    Map<String, Long> sums = new TreeMap<>();
    for (SpendLine line : ledger.spend(query).lines()) {
      if (budget == null || line.key().get(1).equals(budget)) {
        sums.merge(line.key().getFirst(), amount(line, state.unit()), Long::sum);
      }
    }
    return sums;
  }

  private static long amount(SpendLine line, Limit.Unit unit) {
    return unit == Limit.Unit.NANO_USD
        ? line.of(Measure.COST)
        : line.usage().inputTokens() + line.usage().outputTokens();
  }

  /**
   * Returns what the ledger's rows of a subject have in common; null when the subject is a hash.
   */
  static @Nullable Map<String, String> where(List<String> per, String subject) {
    String[] values = per.size() == 1 ? new String[] {subject} : subject.split(" / ", -1);
    Map<String, String> where = new HashMap<>();
    for (int i = 0; i < per.size(); i++) {
      if (values.length != per.size() || values[i].startsWith("sha256:")) {
        return null;
      }
      String value = values[i].equals("(none)") ? "" : values[i].replace(" // ", " / ");
      int slash = value.indexOf('/');
      if (per.get(i).equals("model") && slash > 0) {
        // A budget's model is the target, provider and model.
        where.put("provider", value.substring(0, slash));
        value = value.substring(slash + 1);
      }
      where.put(per.get(i), value);
    }
    return where;
  }

  private static List<Object> points(Map<String, Long> spent, Limit.Unit unit) {
    List<Object> points = new ArrayList<>();
    spent.forEach((start, amount) ->
        points.add(
            Map.of(
                "time",
                Instant.ofEpochMilli(millis(start)).toString(),
                "spent",
                show(amount, unit))));
    return points;
  }

  /** Returns what a millisecond costs of late: over whole steps and the one under way. */
  private double pace(Map<String, Long> spent, long from, long late, long step) {
    long first = Math.max(from, now - late) / step * step;
    long sum = 0;
    for (Map.Entry<String, Long> one : spent.entrySet()) {
      sum += millis(one.getKey()) >= first ? one.getValue() : 0;
    }
    return (double) sum / Math.max(1, now - Math.max(first, from));
  }

  /**
   * Returns the start of a step as the ledger writes it: a day, or an hour such as
   * 2026-11-21T07:00Z.
   */
  private static long millis(String step) {
    return Instant.parse(step.length() == 10 ? step + "T00:00:00Z" : step.replace("Z", ":00Z"))
        .toEpochMilli();
  }

  private static String show(long amount, Limit.Unit unit) {
    return unit == Limit.Unit.NANO_USD ? NanoUsd.format(amount) + " USD" : amount + " tokens";
  }
}
