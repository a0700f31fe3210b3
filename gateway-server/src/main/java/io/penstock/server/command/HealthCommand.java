package io.penstock.server.command;

import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.load.LoadResult;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code penstock health}: for a container's health check; asks the running server. */
@Command(
    name = "health",
    description = "Exits with 0 when the server of this configuration is ready.",
    mixinStandardHelpOptions = true)
final class HealthCommand implements Callable<Integer> {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  @Mixin private ConfigOption config = new ConfigOption();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    AdminConfig admin = admin();
    AdminClient server = AdminClient.of(admin, TIMEOUT);
    try {
      int code = ask(server, "");
      OtherGateway.tell(server, config.file, Commands.err(spec));
      return code;
    } catch (AdminClient.NoServerException | SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      return askUnlike(admin, e);
    }
  }

  private int ask(AdminClient server, String note) throws IOException {
    AdminClient.Answer answer = server.get("/readyz");
    if (answer.status() < 0) {
      throw new IOException(server.address() + ": what answers speaks no HTTP");
    }
    Commands.out(spec).println(server.address() + "/readyz: " + answer.status() + note);
    return answer.isOk() ? ExitCode.OK : ExitCode.CANNOT_RUN;
  }

  /** An edit of admin.tls waits for a restart, and until then the server serves as it did. */
  private int askUnlike(AdminConfig admin, IOException failure) throws IOException {
    try {
      return ask(
          AdminClient.unlike(admin, TIMEOUT), " (the admin.tls of the file needs a restart)");
    } catch (IOException e) {
      failure.addSuppressed(e);
      throw failure;
    }
  }

  /** A bad edit must not make a healthy server look ill: it serves what it loaded before. */
  private AdminConfig admin() {
    return switch (ConfigOption.loader(System.getenv()).load(config.file)) {
      case LoadResult.Loaded loaded -> loaded.config().admin();
      case LoadResult.Rejected rejected -> {
        Commands.err(spec)
            .println(config.file + " is refused (penstock check says why); a server may run on");
        yield rejected.admin();
      }
    };
  }
}
