package io.penstock.ledger.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendLine;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Ways to write a report. Money is exact plain decimals in each of them. */
public enum ReportFormat {
  /** For people: aligned columns, a total, what stands out. */
  TABLE {
    @Override
    public void write(Report report, Appendable out) throws IOException {
      ReportTable.write(report, out);
    }
  },
  /** For spreadsheets: a head and one record per line, no total. */
  CSV {
    @Override
    public void write(Report report, Appendable out) throws IOException {
      List<ReportColumns.Column> columns = columns(report);
      List<String> head = new ArrayList<>(report.query().by());
      columns.forEach(column -> head.add(column.name()));
      Csv.write(out, head);
      for (SpendLine line : report.spend().lines()) {
        List<String> record = new ArrayList<>();
        line.key().forEach(value -> record.add(Csv.opened(value)));
        columns.forEach(column -> record.add(column.value().apply(line)));
        Csv.write(out, record);
      }
    }
  },
  /** For programs: everything the report has; money as decimal text, because doubles lose it. */
  JSON {
    @Override
    public void write(Report report, Appendable out) throws IOException {
      StringWriter text = new StringWriter();
      try (JsonGenerator json = FACTORY.createGenerator(text)) {
        json.useDefaultPrettyPrinter();
        writeJson(report, json);
      }
      out.append(text.getBuffer()).append('\n');
    }
  };

  private static final JsonFactory FACTORY = new JsonFactory();

  /** Writes the report. */
  public abstract void write(Report report, Appendable out) throws IOException;

  /** Returns the report as text. */
  public String format(Report report) {
    StringBuilder out = new StringBuilder();
    try {
      write(report, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString();
  }

  /**
   * Returns the format of that name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static ReportFormat named(String name) {
    for (ReportFormat format : values()) {
      if (format.name().toLowerCase(Locale.ROOT).equals(name)) {
        return format;
      }
    }
    throw new IllegalArgumentException("format: " + name + " (expected: table, csv or json)");
  }

  private static List<ReportColumns.Column> columns(Report report) {
    return ReportColumns.of(report.spend(), report.query().latency());
  }

  private static void writeJson(Report report, JsonGenerator json) throws IOException {
    List<ReportColumns.Column> columns = columns(report);
    json.writeStartObject();
    json.writeStringField("from", Instant.ofEpochMilli(report.query().from()).toString());
    json.writeStringField("to", Instant.ofEpochMilli(report.query().to()).toString());
    json.writeStringField("source", report.spend().fromRows() ? "rows" : "rollup");
    json.writeArrayFieldStart("lines");
    for (SpendLine line : report.spend().lines()) {
      writeLine(json, report.query().by(), line, columns);
    }
    json.writeEndArray();
    Spend.Rest rest = report.spend().rest();
    if (rest != null) {
      json.writeNumberField("rest_lines", rest.lines());
      json.writeFieldName("rest");
      writeLine(json, List.of(), rest.sums(), columns);
    }
    json.writeFieldName("total");
    writeLine(json, List.of(), report.spend().total(), columns);
    json.writeObjectFieldStart("wasted_usd");
    for (Map.Entry<String, Long> waste : report.wasteByCause().entrySet()) {
      json.writeStringField(waste.getKey(), NanoUsd.format(waste.getValue()));
    }
    json.writeEndObject();
    json.writeNumberField("owned_share", report.ownedShare());
    json.writeArrayFieldStart("movers");
    for (Report.Mover mover : report.movers()) {
      json.writeStartObject();
      json.writeArrayFieldStart("key");
      for (String value : mover.key()) {
        json.writeString(value);
      }
      json.writeEndArray();
      json.writeStringField("before_usd", NanoUsd.format(mover.before()));
      json.writeStringField("now_usd", NanoUsd.format(mover.now()));
      json.writeEndObject();
    }
    json.writeEndArray();
    Report.Forecast forecast = report.forecast();
    if (forecast != null) {
      json.writeObjectFieldStart("forecast");
      json.writeStringField("spent_usd", NanoUsd.format(forecast.spent()));
      json.writeStringField("month_usd", NanoUsd.format(forecast.month()));
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  private static void writeLine(
      JsonGenerator json, List<String> by, SpendLine line, List<ReportColumns.Column> columns)
      throws IOException {
    json.writeStartObject();
    for (int i = 0; i < by.size(); i++) {
      json.writeStringField(by.get(i), line.key().get(i));
    }
    for (ReportColumns.Column column : columns) {
      String value = column.value().apply(line);
      if (value.isEmpty()) {
        json.writeNullField(column.name());
      } else if (column.name().endsWith("_usd")) {
        json.writeStringField(column.name(), value);
      } else {
        json.writeNumberField(column.name(), Long.parseLong(value));
      }
    }
    json.writeEndObject();
  }
}
