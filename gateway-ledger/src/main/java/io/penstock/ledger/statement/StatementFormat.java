package io.penstock.ledger.statement;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.StatementBook.Line;
import io.penstock.ledger.report.Csv;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes statements as CSV and as one HTML page that prints one team per sheet. */
public final class StatementFormat {
  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Statements</title><style>
      body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#111;background:#fff}
      section{break-after:page}table{border-collapse:collapse;width:100%}
      th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ccc}
      .n{text-align:right;font-variant-numeric:tabular-nums}tfoot td{font-weight:bold}
      </style></head><body>
      """;

  private StatementFormat() {}

  /** Writes one record per line. */
  public static void csv(List<Line> lines, Appendable out) throws IOException {
    Csv.write(out, List.of("month", "team", "kind", "description", "calls", "amount_usd"));
    for (Line line : lines) {
      Csv.write(
          out,
          List.of(
              line.month().toString(),
              line.team(),
              line.kind(),
              line.description(),
              Long.toString(line.calls()),
              NanoUsd.format(line.amount())));
    }
  }

  /**
   * Writes a page without scripts and without anything loaded from elsewhere.
   *
   * @param issued when the month was closed, or null while it is open
   */
  public static void html(List<Line> lines, @Nullable Instant issued, Appendable out)
      throws IOException {
    String state = issued == null ? "open, as of now" : "issued " + issued;
    out.append(HEAD);
    Map<String, List<Line>> byTeam =
        lines.stream()
            .collect(Collectors.groupingBy(Line::team, TreeMap::new, Collectors.toList()));
    for (Map.Entry<String, List<Line>> team : byTeam.entrySet()) {
      String name = team.getKey().isEmpty() ? "(none)" : team.getKey();
      out.append("<section><h1>").append(escape(name)).append("</h1><p>");
      out.append(team.getValue().getFirst().month().toString()).append(", ").append(state);
      out.append("</p><table><thead><tr><th>Kind<th>Description<th class=n>Calls");
      out.append("<th class=n>USD</tr></thead><tbody>\n");
      long total = 0;
      for (Line line : team.getValue()) {
        total = Math.addExact(total, line.amount());
        out.append("<tr><td>").append(escape(line.kind()));
        out.append("<td>").append(escape(line.description()));
        out.append("<td class=n>").append(Long.toString(line.calls()));
        out.append("<td class=n>").append(NanoUsd.format(line.amount())).append("</tr>\n");
      }
      out.append("</tbody><tfoot><tr><td colspan=3>Total<td class=n>");
      out.append(NanoUsd.format(total)).append("</tr></tfoot></table></section>\n");
    }
    out.append("</body></html>\n");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
