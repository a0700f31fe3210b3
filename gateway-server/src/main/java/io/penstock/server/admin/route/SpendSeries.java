package io.penstock.server.admin.route;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.Measure;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendLine;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.report.Periods;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * {@code /admin/v1/spend/series}: spend over time, the dearest values of one dimension apart and
 * the rest together. What roll-ups know is read for each of these values alone; anything else step
 * by step, so that ten thousand subjects over a month never are in memory at once. Blocks.
 */
final class SpendSeries {
  /** The parameters that it reads. */
  static final String[] TAKES = {"by", "from", "to", "where...", "key...", "over", "top"};

  private static final int MAX_TOP = 20;

  /** Dimensions that reports do not filter by. */
  private static final Set<String> NOT_FILTERED = Set.of("budget", "hour", "day", "month");

  /** Each step is one read of its own part of the roll-up. */
  private static final int MAX_STEPS = 400;

  private final LedgerQueries ledger;
  private final Semaphore reports;

  /**
   * Creates one.
   *
   * @param reports the places that all reports share
   */
  SpendSeries(LedgerQueries ledger, Semaphore reports) {
    this.ledger = ledger;
    this.reports = reports;
  }

  /** The lengths of a step, UTC. */
  private enum Step {
    HOUR,
    DAY,
    MONTH;

    long next(long start) {
      Instant at = Instant.ofEpochMilli(start);
      return switch (this) {
        case HOUR -> start - Math.floorMod(start, 3_600_000L) + 3_600_000L;
        case DAY -> start - Math.floorMod(start, 86_400_000L) + 86_400_000L;
        case MONTH ->
            at.atZone(ZoneOffset.UTC)
                .toLocalDate()
                .withDayOfMonth(1)
                .plusMonths(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli();
      };
    }

    /** Returns the dimension of reports that has these steps. */
    String dimension() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the step of that moment as reports name it. */
    String name(long at) {
      String instant = Instant.ofEpochMilli(at).toString();
      return switch (this) {
        case HOUR -> instant.substring(0, 13) + ":00Z";
        case DAY -> instant.substring(0, 10);
        case MONTH -> instant.substring(0, 7);
      };
    }

    static Step named(String name) {
      return switch (name) {
        case "hour" -> HOUR;
        case "day" -> DAY;
        case "month" -> MONTH;
        default ->
            throw new IllegalArgumentException("over: " + name + " (expected: hour, day or month)");
      };
    }
  }

  /** One line of the chart: what was summed in each step. */
  private static final class Line {
    private final long[] cost;
    private final long[] requests;
    private final long[] calls;
    private final long[] errors;

    Line(int steps) {
      cost = new long[steps];
      requests = new long[steps];
      calls = new long[steps];
      errors = new long[steps];
    }

    void add(int step, SpendLine line) {
      cost[step] += line.of(Measure.COST);
      requests[step] += line.of(Measure.REQUESTS);
      calls[step] += line.of(Measure.CALLS);
      errors[step] += line.of(Measure.ERRORS);
    }

    void subtract(Line that) {
      for (int i = 0; i < cost.length; i++) {
        cost[i] -= that.cost[i];
        requests[i] -= that.requests[i];
        calls[i] -= that.calls[i];
        errors[i] -= that.errors[i];
      }
    }

    boolean isEmpty() {
      for (long n : calls) {
        if (n != 0) {
          return false;
        }
      }
      return true;
    }

    Map<String, Object> json() {
      Map<String, Object> json = new LinkedHashMap<>();
      List<String> usd = new ArrayList<>(cost.length);
      for (long nanos : cost) {
        usd.add(NanoUsd.format(nanos));
      }
      json.put("cost_usd", usd);
      json.put("requests", requests);
      json.put("calls", calls);
      json.put("errors", errors);
      return json;
    }
  }

  AdminReply answer(AdminRequest request) {
    reports.acquireUninterruptibly();
    try {
      return read(request);
    } finally {
      reports.release();
    }
  }

  private AdminReply read(AdminRequest request) {
    String by = request.parameter("by", "team");
    int top = Math.min(MAX_TOP, AdminRoutes.whole("top", request.parameter("top", "7")));
    Step step = Step.named(request.parameter("over", "day"));
    SpendQuery whole = Periods.query(request, by);
    if (whole.by().size() != 1) {
      throw new IllegalArgumentException("by: " + by + " (expected: one dimension)");
    }
    List<Long> starts = starts(whole, step);
    List<String> keys = keys(request, whole, top);
    if (keys == null) {
      return AdminReply.json(stepByStep(whole, starts, top));
    }
    Map<String, Line> lines = new LinkedHashMap<>();
    Line rest = line(whole, step, starts);
    for (String key : keys) {
      Map<String, String> where = new HashMap<>(whole.where());
      if (where.getOrDefault(by, key).equals(key)) {
        where.put(by, key);
        SpendQuery own = new SpendQuery(List.of(), whole.from(), whole.to(), where, false);
        Line line = line(own, step, starts);
        rest.subtract(line);
        lines.put(key, line);
      }
    }
    return AdminReply.json(json(whole, starts, lines, rest));
  }

  /**
   * Returns the values that are shown apart: those that were asked for, else the dearest; null
   * where they can only be told step by step, from rows.
   */
  private @Nullable List<String> keys(AdminRequest request, SpendQuery whole, int top) {
    if (NOT_FILTERED.contains(whole.by().getFirst())) {
      return null;
    }
    List<String> named = request.query().getOrDefault("key", List.of());
    if (!named.isEmpty()) {
      return named.stream()
          .limit(MAX_TOP)
          .map(key -> Periods.value("key", key))
          .distinct()
          .toList();
    }
    Spend all = ledger.spend(part(whole, whole.from(), whole.to()));
    return all.fromRows()
        ? null
        : all.lines().stream().limit(top).map(line -> line.key().getFirst()).toList();
  }

  /** Returns the sums of all that the query lets through, by step: few slots of the roll-ups. */
  private Line line(SpendQuery of, Step step, List<Long> starts) {
    Map<String, Integer> steps = new HashMap<>();
    for (int i = 0; i < starts.size(); i++) {
      steps.put(step.name(starts.get(i)), i);
    }
    Line sums = new Line(starts.size());
    SpendQuery bySteps =
        new SpendQuery(List.of(step.dimension()), of.from(), of.to(), of.where(), false);
    for (SpendLine line : ledger.spend(bySteps).lines()) {
      Integer at = steps.get(line.key().getFirst());
      if (at != null) {
        sums.add(at, line);
      }
    }
    return sums;
  }

  private Map<String, Object> stepByStep(SpendQuery whole, List<Long> starts, int top) {
    Map<String, Line> lines = new LinkedHashMap<>();
    for (SpendLine line : dearest(whole, top)) {
      lines.put(line.key().getFirst(), new Line(starts.size()));
    }
    Line rest = new Line(starts.size());
    for (int i = 0; i < starts.size(); i++) {
      long end = i + 1 < starts.size() ? starts.get(i + 1) : whole.to();
      Spend part = ledger.spend(part(whole, starts.get(i), end));
      for (SpendLine line : part.lines()) {
        lines.getOrDefault(line.key().getFirst(), rest).add(i, line);
      }
    }
    return json(whole, starts, lines, rest);
  }

  private List<SpendLine> dearest(SpendQuery whole, int top) {
    List<SpendLine> all = ledger.spend(part(whole, whole.from(), whole.to())).lines();
    return all.subList(0, Math.min(top, all.size()));
  }

  private static SpendQuery part(SpendQuery whole, long from, long to) {
    return new SpendQuery(whole.by(), from, to, whole.where(), false);
  }

  private static List<Long> starts(SpendQuery whole, Step step) {
    List<Long> starts = new ArrayList<>();
    for (long at = whole.from(); at < whole.to(); at = step.next(at)) {
      starts.add(at);
      if (starts.size() > MAX_STEPS) {
        throw new IllegalArgumentException(
            "over: more than " + MAX_STEPS + " steps (expected: a shorter period or longer steps)");
      }
    }
    return starts;
  }

  private static Map<String, Object> json(
      SpendQuery whole, List<Long> starts, Map<String, Line> lines, Line rest) {
    List<Object> series = new ArrayList<>();
    lines.forEach((key, line) -> {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("key", key);
      json.putAll(line.json());
      series.add(json);
    });
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("by", whole.by().getFirst());
    json.put("times", starts.stream().map(at -> Instant.ofEpochMilli(at).toString()).toList());
    json.put("to", Instant.ofEpochMilli(whole.to()).toString());
    json.put("series", series);
    if (!rest.isEmpty()) {
      json.put("rest", rest.json());
    }
    return json;
  }
}
