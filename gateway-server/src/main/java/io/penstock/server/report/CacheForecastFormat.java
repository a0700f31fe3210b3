package io.penstock.server.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.penstock.cache.semantic.Forecast;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.report.Csv;
import io.penstock.ledger.report.ReportFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Ways to write a forecast of the cache. Money is exact plain decimals in each of them. */
public final class CacheForecastFormat {
  private static final ObjectWriter JSON = new ObjectMapper().writerWithDefaultPrettyPrinter();
  private static final String EXACT = "exact ";
  private static final double DAY_MILLIS = 86_400_000;
  private static final List<String> COLUMNS =
      List.of(
          "setting", "requests", "hits", "hit_rate", "hit_rate_low", "hit_rate_high", "saved_usd");

  private CacheForecastFormat() {}

  public static String write(CacheForecast.Result result, ReportFormat format) {
    return switch (format) {
      case TABLE -> table(result);
      case CSV -> csv(result);
      case JSON -> json(result);
    };
  }

  private static String json(CacheForecast.Result result) {
    try {
      return JSON.writeValueAsString(map(result)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a forecast is plain data", e);
    }
  }

  /** Returns the forecast as JSON has it. */
  public static Map<String, Object> map(CacheForecast.Result result) {
    List<Object> lines = new ArrayList<>();
    for (Forecast.Line line : result.lines()) {
      Map<String, Object> json = new LinkedHashMap<>();
      List<String> values = CacheTraffic.values(line);
      for (int i = 0; i < result.by().size(); i++) {
        json.put(result.by().get(i), values.get(i));
      }
      json.put("setting", line.setting());
      json.put("requests", line.requests());
      json.put("hits", line.hits());
      json.put("hit_rate", line.hitRate());
      json.put("hit_rate_low", line.interval().low());
      json.put("hit_rate_high", line.interval().high());
      json.put("saved_usd", NanoUsd.format(line.savedNanos()));
      lines.add(json);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("from", Instant.ofEpochMilli(result.from()).toString());
    json.put("to", Instant.ofEpochMilli(result.to()).toString());
    json.put("days", (result.to() - result.from()) / DAY_MILLIS);
    json.put("requests", result.requests());
    json.put("with_content", result.withContent());
    json.put("settings", settings(result));
    json.put("lines", lines);
    return json;
  }

  /** Returns the exact layer's settings, all groups together. */
  private static List<Object> settings(CacheForecast.Result result) {
    Map<String, long[]> sums = new LinkedHashMap<>();
    for (Forecast.Line line : result.lines()) {
      if (line.setting().startsWith(EXACT)) {
        long[] sum = sums.computeIfAbsent(line.setting(), setting -> new long[2]);
        sum[0] += line.hits();
        sum[1] += line.savedNanos();
      }
    }
    List<Object> settings = new ArrayList<>();
    sums.forEach((setting, sum) ->
        settings.add(
            Map.of(
                "ttl",
                setting.substring(EXACT.length()),
                "hits",
                sum[0],
                "saved_usd",
                NanoUsd.format(sum[1]))));
    return settings;
  }

  private static List<List<String>> records(CacheForecast.Result result) {
    List<List<String>> records = new ArrayList<>();
    List<String> head = new ArrayList<>(result.by());
    head.addAll(COLUMNS);
    records.add(head);
    for (Forecast.Line line : result.lines()) {
      List<String> record = new ArrayList<>();
      CacheTraffic.values(line).stream().limit(result.by().size()).forEach(record::add);
      record.add(line.setting());
      record.add(Long.toString(line.requests()));
      record.add(Long.toString(line.hits()));
      record.add(share(line.hitRate()));
      record.add(share(line.interval().low()));
      record.add(share(line.interval().high()));
      record.add(NanoUsd.format(line.savedNanos()));
      records.add(record);
    }
    return records;
  }

  private static String share(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private static String csv(CacheForecast.Result result) {
    StringBuilder out = new StringBuilder();
    try {
      for (List<String> record : records(result)) {
        Csv.write(out, record.stream().map(Csv::opened).toList());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString();
  }

  private static String table(CacheForecast.Result result) {
    List<List<String>> records = records(result);
    int[] widths = new int[records.getFirst().size()];
    for (List<String> record : records) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], shown(record.get(i)).length());
      }
    }
    int keys = result.by().size() + 1;
    StringBuilder out = new StringBuilder();
    for (List<String> record : records) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String cell = shown(record.get(i));
        String pad = " ".repeat(widths[i] - cell.length());
        line.append(i == 0 ? "" : "  ").append(i < keys ? cell + pad : pad + cell);
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.append('\n').append(notes(result)).toString();
  }

  private static String shown(String cell) {
    return cell.isEmpty() ? "(none)" : cell;
  }

  private static String notes(CacheForecast.Result result) {
    List<String> notes = new ArrayList<>();
    notes.add(
        "%s to %s (UTC): %d requests went upstream and were answered."
            .formatted(
                Instant.ofEpochMilli(result.from()),
                Instant.ofEpochMilli(result.to()),
                result.requests()));
    notes.add("hit_rate_low and _high: 95 % interval. saved_usd: what those requests cost.");
    if (result.withContent() < result.requests()) {
      notes.add(
          "%d of them were recorded without content: of these an upper bound is shown (same"
                  .formatted(result.requests() - result.withContent())
              + " session, model, endpoint and number of input tokens count as the same), and"
              + " nothing of the semantic layer.");
    }
    return notes.stream().collect(Collectors.joining("\n", "", "\n"));
  }
}
