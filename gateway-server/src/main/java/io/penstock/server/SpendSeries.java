package io.penstock.server;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.Measure;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendLine;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code /admin/v1/spend/series}: spend over time, the dearest values of one dimension apart and
 * the rest together. Read step by step, so that ten thousand subjects over a month never are in
 * memory at once. Blocks.
 */
final class SpendSeries {
  private static final int MAX_TOP = 20;

  /** Each step is one read of its own part of the roll-up. */
  private static final int MAX_STEPS = 400;

  private final LedgerQueries ledger;

  SpendSeries(LedgerQueries ledger) {
    this.ledger = ledger;
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
    String by = request.parameter("by", "team");
    int top = Math.min(MAX_TOP, AdminRoutes.whole("top", request.parameter("top", "7")));
    Step step = Step.named(request.parameter("over", "day"));
    SpendQuery whole = Periods.query(request, by);
    if (whole.by().size() != 1) {
      throw new IllegalArgumentException("by: " + by + " (expected: one dimension)");
    }
    List<Long> starts = starts(whole, step);
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
    return AdminReply.json(json(whole, starts, lines, rest));
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
