package io.penstock.server.command;

import io.penstock.core.Ticker;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.reconcile.Drift;
import io.penstock.ledger.reconcile.ProviderExport;
import io.penstock.ledger.reconcile.ProviderLine;
import io.penstock.ledger.reconcile.Reconciliation;
import io.penstock.server.store.Ledgers;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code penstock reconcile}: the ledger against what a provider says. */
@Command(
    name = "reconcile",
    description =
        "Compares the ledger with a provider's usage or cost export by day, model and key, and says"
            + " where they differ and why that may be.",
    mixinStandardHelpOptions = true)
final class ReconcileCommand extends LedgerCommand {
  private static final Set<String> COLUMNS =
      new TreeSet<>(Set.of("day", "model", "key", "input", "output", "cost"));
  private static final String LINE = "%-10s  %-32s  %-16s  %14s  %14s  %14s  %s%n";

  @Option(
      names = "--provider",
      required = true,
      paramLabel = "NAME",
      description = "the provider's name in the configuration")
  private String provider = "";

  @Option(
      names = "--export",
      required = true,
      paramLabel = "FILE",
      description = "what the provider says")
  private Path export = Path.of("");

  @Option(
      names = "--format",
      required = true,
      paramLabel = "F",
      description =
          "openai or anthropic (JSON of their usage or cost endpoints), focus, or csv with"
              + " --column")
  private String format = "";

  @Option(
      names = "--column",
      split = ",",
      paramLabel = "WHAT=COLUMN",
      description = "with csv: the columns of day, model, key, input, output, cost")
  private Map<String, String> columns = new LinkedHashMap<>();

  @Option(
      names = "--model",
      paramLabel = "THEIRS=OURS",
      description = "a model that the export names in another way")
  private Map<String, String> models = new LinkedHashMap<>();

  @Option(
      names = "--key",
      paramLabel = "THEIRS=OURS",
      description = "the key's id of a key of theirs; without any, keys are not told apart")
  private Map<String, String> keys = new LinkedHashMap<>();

  @Option(
      names = "--tolerance",
      defaultValue = "0.01 USD",
      paramLabel = "AMOUNT",
      description = "what is no drift, per line (default: ${DEFAULT-VALUE})")
  private String tolerance = "0.01 USD";

  @Option(
      names = "--book",
      description = "books the differences: the ledger then sums to the export")
  private boolean book;

  @Override
  public Integer call() throws Exception {
    long least = Commands.nanos("--tolerance", tolerance, "0.01 USD");
    if (!Files.isRegularFile(export)) {
      throw new IllegalArgumentException("--export: " + export + " is no file");
    }
    List<ProviderLine> lines = read();
    return onLedger((loaded, ledger, out) -> {
      if (!loaded.providers().containsKey(provider)) {
        throw new IllegalArgumentException(
            "--provider: " + provider + " (expected: one of " + loaded.providers().keySet() + ")");
      }
      Reconciliation reconciliation = new Reconciliation(provider, models, keys, least);
      List<Drift> drifts = reconciliation.compare(ledger.queries(), lines);
      print(drifts, out);
      if (book) {
        Commands.requireWritten(out, "nothing was booked");
        List<LedgerRow> rows = reconciliation.adjustments(drifts);
        try (Ledger booking = Ledgers.open(loaded.ledger(), Ticker.system())) {
          rows.forEach(booking::book);
        }
        out.printf("%d adjustments booked%n", rows.size());
      }
    });
  }

  private List<ProviderLine> read() throws IOException {
    String text = Files.readString(export);
    try {
      return switch (format) {
        case "openai" -> ProviderExport.openai(text);
        case "anthropic" -> ProviderExport.anthropic(text);
        case "focus" -> ProviderExport.csv(text, ProviderExport.Columns.FOCUS);
        case "csv" -> ProviderExport.csv(text, columns());
        default ->
            throw new IllegalArgumentException(
                "--format: " + format + " (expected: openai, anthropic, focus or csv)");
      };
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(export + ": " + e.getMessage(), e);
    }
  }

  private ProviderExport.Columns columns() {
    for (String name : columns.keySet()) {
      if (!COLUMNS.contains(name)) {
        throw new IllegalArgumentException(
            "--column: " + name + " (expected: one of " + COLUMNS + ")");
      }
    }
    String day = columns.get("day");
    if (day == null || !(columns.containsKey("cost") || columns.containsKey("input"))) {
      throw new IllegalArgumentException(
          "--column: " + columns + " (expected: day=COLUMN, and cost or input and output)");
    }
    return new ProviderExport.Columns(
        day,
        columns.get("model"),
        columns.get("key"),
        columns.get("input"),
        columns.get("output"),
        columns.get("cost"));
  }

  private static void print(List<Drift> drifts, PrintWriter out) {
    out.printf(
        LINE, "day", "model", "key", "ledger_usd", "provider_usd", "difference", "likely causes");
    long ours = 0;
    long theirs = 0;
    for (Drift drift : drifts) {
      ours += drift.ledgerCost();
      theirs += drift.providerCost();
      out.printf(
          LINE,
          drift.day(),
          drift.model().isEmpty() ? "(all)" : drift.model(),
          drift.key().isEmpty() ? "(all)" : drift.key(),
          NanoUsd.format(drift.ledgerCost()),
          NanoUsd.format(drift.providerCost()),
          NanoUsd.format(drift.difference()),
          causes(drift));
    }
    out.printf(
        LINE,
        "total",
        "",
        "",
        NanoUsd.format(ours),
        NanoUsd.format(theirs),
        NanoUsd.format(theirs - ours),
        "");
  }

  private static String causes(Drift drift) {
    return drift.causes().stream()
        .map(cause -> cause.name().toLowerCase(Locale.ROOT).replace('_', ' '))
        .collect(Collectors.joining(", "));
  }
}
