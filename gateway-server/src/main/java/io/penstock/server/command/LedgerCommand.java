package io.penstock.server.command;

import io.penstock.ledger.LedgerReader;
import io.penstock.server.config.Config;
import io.penstock.server.store.Ledgers;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that reads the ledger of a configuration, beside a gateway that may be running. */
abstract class LedgerCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Spec private @Nullable CommandSpec spec;

  /** Where to say what is no part of the output. */
  final PrintWriter err() {
    return Commands.err(spec);
  }

  /** Returns whether an option stands on the command line. */
  final boolean isGiven(String option) {
    return spec != null && spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** What a command does with the ledger. */
  interface Reading {
    void read(Config config, LedgerReader ledger, PrintWriter out) throws Exception;
  }

  /**
   * Opens the ledger of {@code --config} and closes it afterwards.
   *
   * @return the exit code
   */
  final int onLedger(Reading reading) throws Exception {
    Config loaded = config.load(err());
    if (loaded == null) {
      return ExitCode.WRONG_INPUT;
    }
    PrintWriter out = Commands.out(spec);
    try (LedgerReader ledger = Ledgers.read(loaded)) {
      reading.read(loaded, ledger, out);
    }
    out.flush();
    new UnfinishedJournals(loaded, err()).tell();
    return ExitCode.OK;
  }
}
