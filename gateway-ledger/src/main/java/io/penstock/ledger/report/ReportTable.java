package io.penstock.ledger.report;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Measure;
import io.penstock.ledger.SpendLine;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The report for a terminal. Columns that are 0 everywhere are left out. */
final class ReportTable {
  private static final String NONE = "(none)";
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private ReportTable() {}

  static void write(Report report, Appendable out) throws IOException {
    List<String> by = report.query().by();
    List<ReportColumns.Column> columns =
        ReportColumns.of(report.spend(), report.query().latency()).stream()
            .filter(column -> shown(column, report.spend().total()))
            .toList();
    List<List<String>> cells = new ArrayList<>();
    List<String> head = new ArrayList<>(by);
    columns.forEach(column -> head.add(column.name()));
    cells.add(head);
    for (SpendLine line : report.spend().lines()) {
      List<String> row = new ArrayList<>();
      line.key().forEach(value -> row.add(shown(value)));
      columns.forEach(column -> row.add(column.value().apply(line)));
      cells.add(row);
    }
    if (!by.isEmpty()) {
      List<String> row = new ArrayList<>();
      by.forEach(name -> row.add(row.isEmpty() ? "total" : ""));
      columns.forEach(column -> row.add(column.value().apply(report.spend().total())));
      cells.add(row);
    }
    align(cells, by.size(), out);
    notes(report, out);
  }

  /** Returns a value without what a terminal would act on: clients make some of them up. */
  private static String shown(String value) {
    return value.isEmpty() ? NONE : CONTROL.matcher(value).replaceAll("?");
  }

  private static boolean shown(ReportColumns.Column column, SpendLine total) {
    Set<String> always = Set.of("cost_usd", "calls");
    return always.contains(column.name())
        || !Set.of("0", "0.00", "").contains(column.value().apply(total));
  }

  private static void align(List<List<String>> cells, int keys, Appendable out) throws IOException {
    int[] widths = new int[cells.getFirst().size()];
    for (List<String> row : cells) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : cells) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? "" : "  ").append(i < keys ? row.get(i) + pad : pad + row.get(i));
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
  }

  private static void notes(Report report, Appendable out) throws IOException {
    out.append('\n');
    out.append(
        String.format(
            Locale.ROOT,
            "%s to %s (UTC). Owned: %.1f %% of the spend.%n",
            Instant.ofEpochMilli(report.query().from()),
            Instant.ofEpochMilli(report.query().to()),
            100 * report.ownedShare()));
    SpendLine total = report.spend().total();
    if (total.of(Measure.SAVED) != 0 || total.of(Measure.OVERHEAD) != 0) {
      out.append("Saved by cache and routing, overhead deducted: ")
          .append(NanoUsd.format(total.netSaved()))
          .append(" USD (cache ")
          .append(NanoUsd.format(total.cacheNetSaved()))
          .append(", routing ")
          .append(NanoUsd.format(total.routingNetSaved()))
          .append(")\n");
    }
    for (Map.Entry<String, Long> waste : report.wasteByCause().entrySet()) {
      out.append("Wasted, ").append(waste.getKey()).append(": ");
      out.append(NanoUsd.format(waste.getValue())).append(" USD\n");
    }
    for (Report.Mover mover : report.movers()) {
      out.append("Moved: ");
      out.append(String.join("/", mover.key().stream().map(ReportTable::shown).toList()));
      out.append(' ');
      out.append(mover.change() > 0 ? "+" : "").append(NanoUsd.format(mover.change()));
      out.append(" USD\n");
    }
    Report.Forecast forecast = report.forecast();
    if (forecast != null) {
      out.append("This month: ").append(NanoUsd.format(forecast.spent())).append(" USD so far, ");
      out.append(NanoUsd.format(forecast.month())).append(" USD at this pace\n");
    }
    if (report.spend().fromRows()) {
      out.append("Read from rows, because roll-ups lack a dimension; deleted rows are missing.\n");
    }
  }
}
