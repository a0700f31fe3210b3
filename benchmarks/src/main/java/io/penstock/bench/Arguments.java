package io.penstock.bench;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/** Refuses numbers with which nothing can be measured before anything is started. */
final class Arguments implements IExecutionStrategy {
  /** Options of any command of which 0 or less is no number of anything. */
  private static final Set<String> COUNTS =
      Set.of(
          "--rate",
          "--rounds",
          "--seconds",
          "--body",
          "--connections",
          "--tokens",
          "--many",
          "--times",
          "--minutes",
          "--counts",
          "--stream-rate",
          "--warmup-rate");

  private final RunLast run = new RunLast();

  @Override
  public int execute(ParseResult parsed) {
    for (ParseResult of = parsed; of != null; of = of.hasSubcommand() ? of.subcommand() : null) {
      ParseResult command = of;
      of.matchedOptions().forEach(option -> check(command, option));
    }
    return run.execute(parsed);
  }

  private static void check(ParseResult command, OptionSpec option) {
    if (!COUNTS.contains(option.longestName())) {
      return;
    }
    Object value = option.getValue();
    for (Object one : value instanceof Collection<?> several ? several : List.of(value)) {
      if (one instanceof Number number && number.doubleValue() <= 0) {
        throw new ParameterException(
            command.commandSpec().commandLine(),
            option.longestName() + ": " + one + " (expected: more than 0)");
      }
    }
  }
}
