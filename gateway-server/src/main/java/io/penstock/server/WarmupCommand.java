package io.penstock.server;

import io.penstock.server.config.Config;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code penstock warmup}: starts a demo on free ports, makes a few calls and stops. The launcher
 * runs it once to make the ahead-of-time cache.
 */
@Command(
    name = "warmup",
    hidden = true,
    description = "Does what every start does, for the ahead-of-time cache.",
    mixinStandardHelpOptions = true)
final class WarmupCommand implements Callable<Integer> {
  /** Enough that the cache has the profiles of what is hot (JEP 515). */
  private static final int CALLS = 3000;

  private static final int STREAM_EVERY = 50;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Path directory = Files.createTempDirectory("penstock-warmup");
    try {
      Path file = directory.resolve("penstock.yaml");
      Files.writeString(
          file,
          DemoConfig.unlimited(file)
              .replace("127.0.0.1:8080", "127.0.0.1:0")
              .replace("127.0.0.1:9091", "127.0.0.1:0"));
      Config loaded = ConfigOption.load(file, Commands.err(spec));
      if (loaded == null) {
        return Main.WRONG_INPUT;
      }
      Logging.configure(loaded.log());
      try (Gateway gateway =
          Gateway.start(loaded, file, ConfigOption.loader(System.getenv())::load)) {
        for (int i = 0; i < CALLS; i++) {
          ask(gateway.port(), i % STREAM_EVERY == 0);
        }
      }
      return Main.OK;
    } finally {
      delete(directory);
    }
  }

  private static void ask(int port, boolean stream) throws Exception {
    HttpURLConnection connection =
        (HttpURLConnection)
            URI.create("http://127.0.0.1:" + port + "/v1/chat/completions")
                .toURL()
                .openConnection();
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("Authorization", "Bearer " + DemoCommand.KEY);
    connection.setRequestProperty("Content-Type", "application/json");
    String body =
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":3,\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"warm up\"}]}";
    try (OutputStream out = connection.getOutputStream()) {
      out.write(body.getBytes(StandardCharsets.UTF_8));
    }
    connection.getInputStream().readAllBytes();
  }

  private static void delete(Path directory) throws java.io.IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
