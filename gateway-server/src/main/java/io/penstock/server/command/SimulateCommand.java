package io.penstock.server.command;

import io.penstock.cache.semantic.TextEmbedder;
import io.penstock.core.price.PriceBook;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerReader;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.config.Config;
import io.penstock.server.report.Periods;
import io.penstock.server.simulate.Policy;
import io.penstock.server.simulate.Recordings;
import io.penstock.server.simulate.Simulation;
import io.penstock.server.simulate.SimulationFormat;
import io.penstock.server.snapshot.FetchedPrices;
import io.penstock.server.snapshot.Prices;
import io.penstock.server.store.Ledgers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock simulate}: what another policy would have made of recorded traffic. */
@Command(
    name = "simulate",
    description =
        "What-if: replays the ledger, or a log of JSON lines, through another configuration.",
    mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Option(
      names = "--policy",
      required = true,
      paramLabel = "FILE",
      description = "the configuration that is asked about; --config is the one that ran")
  private Path policy = Path.of("");

  @Option(
      names = "--from",
      paramLabel = "D",
      description = "first day or month of the ledger (default: this month)")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "D", description = "last day or month (default: today)")
  private @Nullable String to;

  @Option(
      names = "--log",
      paramLabel = "FILE",
      description =
          "instead of the ledger: a request log, or a trace with token counts; JSON lines, or .gz")
  private @Nullable Path log;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "model of a trace's lines that name none (default: the policy's first)")
  private @Nullable String model;

  @Option(
      names = "--start",
      paramLabel = "D",
      defaultValue = "2026-11-01",
      description =
          "day from which a trace's own times count; its prices hold (default: ${DEFAULT-VALUE})")
  private String start = "2026-11-01";

  @Option(
      names = "--format",
      paramLabel = "F",
      defaultValue = "table",
      description = "table or json (default: ${DEFAULT-VALUE})")
  private String format = "table";

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    SimulationFormat as = format();
    PrintWriter err = Commands.err(spec);
    Config ran = config.load(err);
    Config asked = ran == null ? null : ConfigOption.load(policy, err);
    if (ran == null || asked == null) {
      return ExitCode.WRONG_INPUT;
    }
    if (log != null && (from != null || to != null)) {
      throw new IllegalArgumentException("--from and --to go with the ledger, not with --log");
    }
    Policy one = PolicyDirectory.policy(config.file.toString(), ran, prices(ran, ran));
    Policy other = PolicyDirectory.policy(policy.toString(), asked, prices(asked, ran));
    boolean embeds = one.routes().usesEmbedding() || other.routes().usesEmbedding();
    try (TextEmbedder embedder = embeds ? new TextEmbedder() : null;
        Simulation simulation =
            new Simulation(one, other, text -> Objects.requireNonNull(embedder).embed(text))) {
      if (log != null) {
        replay(log, asked, simulation);
      } else {
        replay(ran, simulation);
      }
      PrintWriter out = Commands.out(spec);
      out.print(as.format(simulation.report()));
      out.flush();
    }
    return ExitCode.OK;
  }

  /** Returns a policy's prices; what a gateway has fetched is in the ledger of the one that ran. */
  private PriceBook prices(Config of, Config ran) throws IOException {
    if (!FetchedPrices.isFetched(of.prices())) {
      return Prices.of(PriceBook.bundled(), of.prices());
    }
    try (LedgerReader ledger = Ledgers.read(ran)) {
      return new FetchedPrices(ledger.catalogues()).book(of.prices());
    } catch (IllegalArgumentException | LedgerException e) {
      if (log == null) {
        throw e;
      }
      Commands.err(spec)
          .println(
              "warning: prices are the bundled ones and not those that prices.refresh fetched: "
                  + e.getMessage());
      return Prices.of(PriceBook.bundled(), of.prices());
    }
  }

  private SimulationFormat format() {
    for (SimulationFormat each : SimulationFormat.values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(format)) {
        return each;
      }
    }
    throw new IllegalArgumentException("--format: " + format + " (expected: table or json)");
  }

  private void replay(Path file, Config asked, Simulation simulation) throws IOException {
    long at = Periods.day("--start", start);
    try (BufferedReader lines = JsonLines.open(file)) {
      Recordings.log(file.toString(), lines, new Recordings.Trace(at, modelOf(asked)), simulation);
    }
  }

  private String modelOf(Config asked) {
    if (model != null) {
      return model;
    }
    for (String name : asked.models().keySet()) {
      if (!name.endsWith("*")) {
        return name;
      }
    }
    throw new IllegalArgumentException(
        "--model: " + policy + " names no model of its own (expected: --model NAME)");
  }

  private void replay(Config ran, Simulation simulation) throws IOException {
    SpendQuery period = Periods.query("", from, to);
    try (LedgerReader ledger = Ledgers.read(ran)) {
      Recordings.ledger(ledger.queries(), period.from(), period.to(), simulation);
    }
  }
}
