package io.penstock.server.simulate;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/** Sums of outcomes: in all, by team, by route, and what was refused by rule. */
final class Tally {
  /** One line of sums. */
  static final class Line {
    private final EnumMap<Outcome.Kind, Long> counts = new EnumMap<>(Outcome.Kind.class);
    private long cost;

    private void add(Outcome outcome) {
      counts.merge(outcome.kind(), 1L, Long::sum);
      cost += outcome.cost();
    }

    long of(Figure figure) {
      return switch (figure) {
        case COST -> cost;
        case ANSWERED -> count(Outcome.Kind.ANSWERED);
        case CACHED -> count(Outcome.Kind.CACHED);
        case BLOCKED -> count(Outcome.Kind.BLOCKED);
        case FAILED -> count(Outcome.Kind.FAILED);
      };
    }

    private long count(Outcome.Kind kind) {
      return counts.getOrDefault(kind, 0L);
    }
  }

  /** What is shown of a line. */
  enum Figure {
    /** Nano-USD. */
    COST,
    ANSWERED,
    CACHED,
    BLOCKED,
    FAILED
  }

  private final Line total = new Line();
  private final Map<String, Line> teams = new TreeMap<>();
  private final Map<String, Line> routes = new TreeMap<>();
  private final Map<String, Line> rules = new TreeMap<>();

  void add(Recorded request, Outcome outcome) {
    total.add(outcome);
    String team = request.caller().team();
    line(teams, team.isEmpty() ? "(none)" : team).add(outcome);
    String asked = request.question().routed();
    switch (outcome.kind()) {
      case ANSWERED, FAILED -> line(routes, asked + " -> " + outcome.where()).add(outcome);
      case CACHED -> line(routes, asked + " -> cache").add(outcome);
      case BLOCKED -> line(rules, outcome.where()).add(outcome);
    }
  }

  private static Line line(Map<String, Line> lines, String name) {
    return lines.computeIfAbsent(name, _ -> new Line());
  }

  Line total() {
    return total;
  }

  Map<String, Line> teams() {
    return teams;
  }

  Map<String, Line> routes() {
    return routes;
  }

  Map<String, Line> rules() {
    return rules;
  }
}
