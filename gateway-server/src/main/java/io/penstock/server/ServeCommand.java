package io.penstock.server;

import io.penstock.server.config.Config;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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
      return Main.WRONG_INPUT;
    }
    Logging.configure(loaded.log());
    if (!loaded.admin().listen().isLoopback()
        && (loaded.admin().token() == null || loaded.admin().token().isEmpty())) {
      throw new IllegalArgumentException(
          "admin.token: (none) (expected: a token, because admin.listen "
              + loaded.admin().listen()
              + " is not loopback)");
    }
    runUntilStopped(loaded);
    return Main.OK;
  }

  private void runUntilStopped(Config loaded) throws IOException, InterruptedException {
    Gateway gateway =
        Gateway.start(loaded, config.file, ConfigOption.loader(System.getenv())::load);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  gateway.close();
                  stopped.countDown();
                  // A stop that was asked for is a job done: 0, not the JVM's 128 + signal.
                  Runtime.getRuntime().halt(Main.OK);
                },
                "shutdown"));
    stopped.await();
  }
}
