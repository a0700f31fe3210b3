package io.penstock.server;

import io.penstock.server.command.Commands;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.command.ExitCode;
import io.penstock.server.config.Config;
import java.io.Console;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code penstock serve}: runs until it is told to stop, then lets requests finish. */
@Command(
    name = "serve",
    description = "Serves until SIGTERM, then finishes the requests under way.",
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Config loaded = config.load(Commands.err(spec));
    if (loaded == null) {
      return ExitCode.WRONG_INPUT;
    }
    Logging.configure(loaded.log());
    UntilStopped.run(
        !isInTerminal(),
        () -> Gateway.start(loaded, config.file(), ConfigOption.loader(System.getenv())::load),
        gateway -> {});
    return ExitCode.OK;
  }

  /** There SIGHUP is how a terminal that is closed ends what runs in it. */
  @SuppressWarnings("SystemConsoleNull") // it is null where the runtime lacks jdk.internal.le
  private static boolean isInTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
