package io.penstock.server.command;

import io.penstock.server.config.value.Limit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** What commands share. */
public final class Commands {
  /** What is said when an output could not be written. */
  public static final String NOT_WRITTEN =
      "the output could not be written in full (expected: a place that takes it; is the disk"
          + " full?)";

  private Commands() {}

  /** Returns those that start no gateway themselves, by name, in the order of the help. */
  public static Map<String, Class<?>> besideAGateway() {
    Map<String, Class<?>> commands = new LinkedHashMap<>();
    commands.put("check", CheckCommand.class);
    commands.put("key", KeyCommand.class);
    commands.put("report", ReportCommand.class);
    commands.put("statement", StatementCommand.class);
    commands.put("reconcile", ReconcileCommand.class);
    commands.put("simulate", SimulateCommand.class);
    commands.put("explain", ExplainCommand.class);
    commands.put("score", ScoreCommand.class);
    commands.put("calibrate", CalibrateCommand.class);
    commands.put("budgets", BudgetsCommand.class);
    commands.put("health", HealthCommand.class);
    return commands;
  }

  /** Returns where the output of a command goes; null: of the process. */
  public static PrintWriter out(@Nullable CommandSpec spec) {
    return spec == null
        ? new PrintWriter(System.out, true, Charset.defaultCharset())
        : spec.commandLine().getOut();
  }

  /** Returns where notes and errors of a command go; null: of the process. */
  public static PrintWriter err(@Nullable CommandSpec spec) {
    return spec == null
        ? new PrintWriter(System.err, true, Charset.defaultCharset())
        : spec.commandLine().getErr();
  }

  /** Writes what is buffered and returns whether all that was printed could be written. */
  public static boolean isWritten(PrintWriter out) {
    // Over System.out the error stays there: it is a PrintStream, which throws nothing.
    return !out.checkError() && !System.out.checkError();
  }

  /**
   * Does so before something that cannot be undone.
   *
   * @throws IOException when something is missing
   */
  static void requireWritten(PrintWriter out, String undone) throws IOException {
    if (!isWritten(out)) {
      throw new IOException(NOT_WRITTEN + "; " + undone);
    }
  }

  /**
   * Returns an amount of money, nano-USD.
   *
   * @param option what the text was given for
   * @param example of what is expected
   * @throws IllegalArgumentException when it is none
   */
  static long nanos(String option, String text, String example) {
    try {
      if (Limit.parse(text) instanceof Limit.Money amount) {
        return amount.nanos();
      }
    } catch (IllegalArgumentException e) {
      // Reported below, with the option.
    }
    throw new IllegalArgumentException(
        option + ": " + text + " (expected: money such as " + example + ")");
  }
}
