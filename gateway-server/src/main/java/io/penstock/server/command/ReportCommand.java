package io.penstock.server.command;

import io.penstock.ledger.LedgerReader;
import io.penstock.ledger.SpendQuery;
import io.penstock.ledger.focus.FocusExport;
import io.penstock.ledger.focus.FocusMetadata;
import io.penstock.ledger.focus.FocusOptions;
import io.penstock.ledger.report.Report;
import io.penstock.ledger.report.ReportFormat;
import io.penstock.server.config.Config;
import io.penstock.server.report.CacheForecast;
import io.penstock.server.report.CacheForecastFormat;
import io.penstock.server.report.Periods;
import io.penstock.server.snapshot.FetchedPrices;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code penstock report}: where the money went. Reads the ledger beside a running server. */
@Command(
    name = "report",
    description = "Spend by team, model, day or any other dimension.",
    mixinStandardHelpOptions = true)
final class ReportCommand extends LedgerCommand {
  /** Options that say nothing of another format. */
  private static final List<String> FOCUS =
      List.of(
          "--focus-metadata",
          "--focus-parquet",
          "--focus-version",
          "--focus-view",
          "--markup",
          "--shared");

  @Option(
      names = "--by",
      paramLabel = "D,...",
      description =
          "team, app, user, end_user, key, model, provider, endpoint, route, session, budget, day,"
              + " hour, month, status, cache, metadata.NAME (default: team,model; with --cache:"
              + " route,team)")
  private @Nullable String by;

  @Option(
      names = "--from",
      paramLabel = "D",
      description = "first day or month (default: this month)")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "D", description = "last day or month (default: today)")
  private @Nullable String to;

  @Option(
      names = "--format",
      defaultValue = "table",
      description = "table, csv, json or focus (default: ${DEFAULT-VALUE})")
  private String format = "table";

  @Option(
      names = "--focus-metadata",
      paramLabel = "FILE",
      description = "with --format focus: where the metadata of the export goes, as JSON")
  private @Nullable Path metadata;

  @Option(
      names = "--focus-parquet",
      paramLabel = "FILE",
      description = "with --format focus: writes Parquet to FILE instead of CSV")
  private @Nullable Path parquet;

  @Option(
      names = "--focus-version",
      defaultValue = "1.4",
      paramLabel = "V",
      description = "with --format focus: 1.4, 1.3 or 1.2 (default: ${DEFAULT-VALUE})")
  private String focusVersion = "1.4";

  @Option(
      names = "--focus-view",
      defaultValue = "provider",
      paramLabel = "VIEW",
      description =
          "with --format focus: provider (what they will bill) or chargeback (what the platform"
              + " bills its teams) (default: ${DEFAULT-VALUE})")
  private String focusView = "provider";

  @Mixin private ChargebackOptions chargeback = new ChargebackOptions();

  @Option(
      names = "--cache",
      description = "instead: what the cache would have saved of this traffic, setting by setting")
  private boolean cache;

  @Override
  public Integer call() throws Exception {
    boolean focus = format.equals("focus");
    if (cache && focus) {
      throw new IllegalArgumentException("--cache: format: focus (expected: table, csv or json)");
    }
    for (String option : FOCUS) {
      if (isGiven(option) && !focus) {
        throw new IllegalArgumentException(option + " goes with --format focus");
      }
    }
    ReportFormat as = focus ? ReportFormat.CSV : format();
    String dimensions = by != null ? by : cache ? "route,team" : "team,model";
    SpendQuery query = Periods.query(dimensions, from, to);
    return onLedger((loaded, ledger, out) -> {
      if (focus) {
        focus(loaded, ledger, query, out);
      } else if (cache) {
        CacheForecast.Result result =
            CacheForecast.of(ledger.queries(), loaded, query.by(), query.from(), query.to());
        out.print(CacheForecastFormat.write(result, as));
      } else {
        out.print(as.format(Report.of(ledger.queries(), query, Instant.now())));
      }
    });
  }

  private ReportFormat format() {
    try {
      return ReportFormat.named(format);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "--format: " + format + " (expected: table, csv, json or focus)", e);
    }
  }

  private void focus(Config of, LedgerReader ledger, SpendQuery period, PrintWriter out)
      throws IOException {
    FocusOptions options = FocusMapping.options(of, focusVersion, focusView, chargeback.terms());
    FocusExport export =
        new FocusExport(
            options,
            ConfiguredRates.of(of, new FetchedPrices(ledger.catalogues())),
            ledger.statements());
    if (parquet == null) {
      export.writeCsv(ledger.queries(), period.from(), period.to(), out);
    } else {
      export.writeParquet(ledger.queries(), period.from(), period.to(), parquet);
    }
    if (metadata != null) {
      Files.writeString(metadata, FocusMetadata.of(options, Instant.now()));
    }
  }
}
