package io.penstock.server;

import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.LoadResult;
import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
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
  private static final int TIMEOUT_MILLIS = 2000;

  @Mixin private ConfigOption config = new ConfigOption();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    String url = admin().reachable() + "/readyz";
    HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    int status;
    try {
      status = connection.getResponseCode();
    } catch (ConnectException e) {
      throw new IOException(url + ": no server answers (start it with serve)", e);
    } catch (SocketTimeoutException e) {
      throw new IOException(url + ": no answer in " + TIMEOUT_MILLIS + " ms", e);
    }
    Commands.out(spec).println(url + ": " + status);
    return status == 200 ? Main.OK : Main.CANNOT_RUN;
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
