package io.penstock.server;

import io.penstock.server.command.Commands;
import io.penstock.server.command.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line: {@code ./penstock COMMAND}. */
@Command(
    name = "penstock",
    description = "A self-hosted AI gateway: every call identified, priced, limited, recorded.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
public final class Main {
  private static final Map<String, Class<?>> COMMANDS = commands();

  /** What they did is not what they printed. */
  private static final Set<String> LONG_RUNNING = Set.of("demo", "serve", "warmup", "warmup-peer");

  private Main() {}

  /** The version as the build has it. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      Properties build = new Properties();
      try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
        if (in == null) {
          throw new IllegalStateException("missing from the jar: version.properties");
        }
        build.load(in);
      }
      return new String[] {"penstock " + build.getProperty("version")};
    }
  }

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(commandLine(args).execute(args));
  }

  private static Map<String, Class<?>> commands() {
    Map<String, Class<?>> commands = new LinkedHashMap<>();
    commands.put("demo", DemoCommand.class);
    commands.put("serve", ServeCommand.class);
    commands.put("warmup", WarmupCommand.class);
    commands.put("warmup-peer", WarmupPeerCommand.class);
    commands.putAll(Commands.besideAGateway());
    return commands;
  }

  /**
   * Returns the command line for these words; for none, with every command. The options of a
   * command are found by reflection, which for all of them takes a third of a start.
   */
  static CommandLine commandLine(String... words) {
    CommandLine all = new CommandLine(new Main());
    Class<?> only = words.length == 0 ? null : COMMANDS.get(words[0]);
    if (only != null) {
      all.addSubcommand(only);
    } else {
      COMMANDS.values().forEach(all::addSubcommand);
    }
    return all.setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((error, args) -> {
          PrintWriter err = error.getCommandLine().getErr();
          err.println("penstock: " + error.getMessage());
          error.getCommandLine().usage(err);
          return ExitCode.WRONG_INPUT;
        })
        .setExecutionStrategy(Main::run)
        .setExecutionExceptionHandler((error, line, parsed) -> {
          line.getErr().println("penstock: " + reason(error));
          return error instanceof IllegalArgumentException
              ? ExitCode.WRONG_INPUT
              : ExitCode.CANNOT_RUN;
        });
  }

  /** A report that arrived nowhere is no success, whichever command wrote it. */
  private static int run(CommandLine.ParseResult parsed) {
    if (!parsed.unmatched().isEmpty() && parsed.isUsageHelpRequested()) {
      // With --help picocli forgives what it does not know.
      CommandLine at = parsed.asCommandLineList().getFirst();
      at.getErr().println("penstock: no such command: " + parsed.unmatched().getFirst());
      at.usage(at.getErr());
      return ExitCode.WRONG_INPUT;
    }
    int code = new CommandLine.RunLast().execute(parsed);
    CommandLine line = parsed.asCommandLineList().getLast();
    boolean serves = LONG_RUNNING.contains(line.getCommandName());
    if (code != ExitCode.OK || serves || Commands.isWritten(line.getOut())) {
      return code;
    }
    line.getErr().println("penstock: " + Commands.NOT_WRITTEN);
    return ExitCode.CANNOT_RUN;
  }

  private static String reason(Throwable error) {
    // Of these the message is the bare name of the file.
    if (error instanceof NoSuchFileException) {
      return error.getMessage() + ": no such file or directory";
    }
    if (error instanceof AccessDeniedException) {
      return error.getMessage() + ": permission denied";
    }
    String message = error.getMessage();
    return message == null ? error.toString() : message.lines().findFirst().orElse("");
  }
}
