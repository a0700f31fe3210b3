package io.penstock.server;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line: {@code ./penstock COMMAND}. */
@Command(
    name = "penstock",
    description = "A self-hosted AI gateway: every call identified, priced, limited, recorded.",
    mixinStandardHelpOptions = true,
    version = "penstock 0.1.0",
    subcommands = {
      DemoCommand.class,
      ServeCommand.class,
      CheckCommand.class,
      KeyCommand.class,
      ReportCommand.class,
      StatementCommand.class,
      ReconcileCommand.class,
      SimulateCommand.class,
      ExplainCommand.class,
      ScoreCommand.class,
      CalibrateCommand.class,
      BudgetsCommand.class,
      WarmupCommand.class,
      HealthCommand.class
    })
public final class Main {
  /** Done. */
  static final int OK = 0;

  /** The input is wrong. */
  static final int WRONG_INPUT = 1;

  /** It could not run. */
  static final int CANNOT_RUN = 2;

  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((error, args) -> {
          PrintWriter err = error.getCommandLine().getErr();
          err.println("penstock: " + error.getMessage());
          error.getCommandLine().usage(err);
          return WRONG_INPUT;
        })
        .setExecutionExceptionHandler((error, line, parsed) -> {
          line.getErr().println("penstock: " + reason(error));
          return error instanceof IllegalArgumentException ? WRONG_INPUT : CANNOT_RUN;
        });
  }

  private static String reason(Throwable error) {
    String message = error.getMessage();
    return message == null ? error.toString() : message.lines().findFirst().orElse("");
  }
}
