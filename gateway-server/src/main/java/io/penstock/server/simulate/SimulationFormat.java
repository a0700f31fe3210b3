package io.penstock.server.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.NanoUsd;
import io.penstock.server.simulate.SimulationReport.Change;
import io.penstock.server.simulate.SimulationReport.Entry;
import io.penstock.server.simulate.SimulationReport.Section;
import io.penstock.server.simulate.Tally.Figure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongFunction;

/** How a simulation is written. */
public enum SimulationFormat {
  /** For a terminal. */
  TABLE {
    @Override
    public String format(SimulationReport report) {
      StringBuilder text = new StringBuilder();
      SimulationReport.Head head = report.head();
      text.append("policy   ").append(head.policy()).append('\n');
      text.append("against  ").append(head.ran()).append('\n');
      text.append("record   ").append(head.requests()).append(" calls");
      if (head.requests() > 0) {
        text.append(", ")
            .append(Instant.ofEpochMilli(head.firstMillis()))
            .append(" to ")
            .append(Instant.ofEpochMilli(head.lastMillis()));
      }
      text.append("\n");
      for (Section section : report.sections()) {
        table(section, text);
      }
      text.append("\n").append(SimulationReport.assumed()).append('\n');
      if (!report.unknown().isEmpty()) {
        text.append("What the record does not tell (figures in brackets: from, to):\n");
        report.unknown().forEach(each -> text.append("- ").append(each).append(".\n"));
      }
      return text.toString();
    }
  },
  /** For programs; money in USD as decimals in strings, as in every report. */
  JSON {
    @Override
    public String format(SimulationReport report) {
      SimulationReport.Head head = report.head();
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("policy", head.policy());
      json.put("against", head.ran());
      json.put("requests", head.requests());
      json.put("first", Instant.ofEpochMilli(head.firstMillis()).toString());
      json.put("last", Instant.ofEpochMilli(head.lastMillis()).toString());
      for (Section section : report.sections()) {
        Map<String, Object> entries = new LinkedHashMap<>();
        section.entries().forEach((name, entry) -> entries.put(name, json(entry)));
        json.put(
            section.name(),
            section.name().equals("total") ? entries.getOrDefault("total", Map.of()) : entries);
      }
      json.put("assumed", SimulationReport.assumed());
      json.put("unknown", report.unknown());
      try {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("maps are JSON", e);
      }
    }
  };

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Returns the report in this form; the same report gives the same bytes. */
  public abstract String format(SimulationReport report);

  private static void table(Section section, StringBuilder text) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of(section.name(), "", "happened", "simulated", "difference"));
    section
        .entries()
        .forEach((name, entry) -> {
          String shown = name;
          for (Map.Entry<Figure, Change> each : entry.figures().entrySet()) {
            Change change = each.getValue();
            if (!change.isNothing()) {
              LongFunction<String> format = SimulationReport.format(each.getKey());
              lines.add(
                  List.of(
                      shown,
                      label(each.getKey()),
                      change.happened().show(format),
                      change.simulated().show(format),
                      change.difference().show(format)));
              shown = "";
            }
          }
        });
    if (lines.size() == 1) {
      return;
    }
    int[] widths = new int[5];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    text.append('\n');
    for (List<String> line : lines) {
      StringBuilder row = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        row.append(pad(line.get(i), widths[i], i >= 2)).append("  ");
      }
      text.append(row.toString().stripTrailing()).append('\n');
    }
  }

  private static String pad(String text, int width, boolean right) {
    String space = " ".repeat(width - text.length());
    return right ? space + text : text + space;
  }

  private static String label(Figure figure) {
    return figure == Figure.COST ? "cost_usd" : figure.name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, Object> json(Entry entry) {
    Map<String, Object> figures = new LinkedHashMap<>();
    entry
        .figures()
        .forEach((figure, change) -> {
          Map<String, Object> json = new LinkedHashMap<>();
          json.put("happened", json(change.happened(), figure));
          json.put("simulated", json(change.simulated(), figure));
          json.put("difference", json(change.difference(), figure));
          figures.put(label(figure), json);
        });
    return figures;
  }

  private static Object json(Range range, Figure figure) {
    if (range.isKnown()) {
      return json(range.likely(), figure);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("likely", json(range.likely(), figure));
    json.put("least", json(range.least(), figure));
    json.put("most", json(range.most(), figure));
    return json;
  }

  private static Object json(long value, Figure figure) {
    if (figure == Figure.COST) {
      return NanoUsd.format(value);
    }
    return value;
  }
}
