package io.penstock.server.simulate;

import io.penstock.core.price.NanoUsd;
import io.penstock.server.simulate.Tally.Figure;
import io.penstock.server.simulate.Tally.Line;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What another policy would have made of recorded traffic, against what happened. Immutable.
 *
 * @param head which policies and which record
 * @param sections figures by name: in all, by team, by rule, by route
 * @param unknown what the record does not tell, one sentence each
 */
public record SimulationReport(Head head, List<Section> sections, List<String> unknown) {
  private static final String ASSUMED =
      "Budgets, rates and caches start empty; an attempt that the record has goes as it went.";

  public SimulationReport {
    sections = List.copyOf(sections);
    unknown = List.copyOf(unknown);
  }

  /** The two policies and the period, epoch milliseconds. */
  public record Head(String policy, String ran, long requests, long firstMillis, long lastMillis) {}

  /** Lines of one kind, by name. */
  record Section(String name, Map<String, Entry> entries) {}

  /** One line: each figure as it was and as it would be. */
  record Entry(Map<Figure, Change> figures) {}

  /** A figure, as it was, as it would be, and the difference. */
  record Change(Range happened, Range simulated, Range difference) {
    boolean isNothing() {
      return happened.likely() == 0
          && happened.isKnown()
          && simulated.likely() == 0
          && simulated.isKnown();
    }
  }

  static SimulationReport of(Head head, Map<Scenario, Lane> lanes) {
    List<Section> sections = new ArrayList<>();
    if (!lanes.isEmpty()) {
      sections.add(
          new Section("total", Map.of("total", entry(lanes, Tally::total, Figure.values()))));
      sections.add(section("teams", lanes, Tally::teams, Figure.values()));
      sections.add(section("blocked", lanes, Tally::rules, Figure.BLOCKED));
      sections.add(
          section(
              "routes",
              lanes,
              Tally::routes,
              Figure.ANSWERED,
              Figure.CACHED,
              Figure.FAILED,
              Figure.COST));
    }
    Lane likely = lanes.get(Scenario.LIKELY);
    return new SimulationReport(
        head, sections, likely == null ? List.of() : likely.unknowns().sentences());
  }

  private static Section section(
      String name,
      Map<Scenario, Lane> lanes,
      Function<Tally, Map<String, Line>> part,
      Figure... figures) {
    TreeSet<String> names = new TreeSet<>();
    lanes
        .values()
        .forEach(lane -> {
          names.addAll(part.apply(lane.happened()).keySet());
          names.addAll(part.apply(lane.simulated()).keySet());
        });
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (String each : names) {
      entries.put(each, entry(lanes, tally -> part.apply(tally).get(each), figures));
    }
    return new Section(name, entries);
  }

  private static Entry entry(
      Map<Scenario, Lane> lanes, Function<Tally, @Nullable Line> line, Figure... figures) {
    Map<Figure, Change> changes = new LinkedHashMap<>();
    for (Figure figure : figures) {
      Function<Tally, Long> value =
          tally -> {
            Line found = line.apply(tally);
            return found == null ? 0L : found.of(figure);
          };
      changes.put(
          figure,
          new Change(
              Range.of(s -> value.apply(lane(lanes, s).happened())),
              Range.of(s -> value.apply(lane(lanes, s).simulated())),
              Range.of(s ->
                  value.apply(lane(lanes, s).simulated())
                      - value.apply(lane(lanes, s).happened()))));
    }
    return new Entry(changes);
  }

  private static Lane lane(Map<Scenario, Lane> lanes, Scenario scenario) {
    return java.util.Objects.requireNonNull(lanes.get(scenario));
  }

  /** Returns how a figure is written. */
  static LongFunction<String> format(Figure figure) {
    return figure == Figure.COST ? NanoUsd::format : Long::toString;
  }

  /** Returns what holds for every simulation. */
  static String assumed() {
    return ASSUMED;
  }
}
