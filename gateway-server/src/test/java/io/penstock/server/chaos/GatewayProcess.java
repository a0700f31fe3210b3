package io.penstock.server.chaos;

import io.penstock.server.ChaosGateway;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One gateway over all its lives: folder, configuration and journal stay. Led by one thread. */
final class GatewayProcess implements AutoCloseable {

  private final Path folder;
  private final HttpClient http;
  private @Nullable Process process;
  private volatile String url = "";
  private volatile String adminUrl = "";

  GatewayProcess(Path folder, String yaml, HttpClient http) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.http = http;
    Files.writeString(folder.resolve("penstock.yaml"), yaml);
  }

  /** Starts the process; {@link #awaitServing} tells when it listens. */
  void start() {
    try {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-Xshare:auto",
                  "-Xmx160m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ChaosGateway.class.getName(),
                  "penstock.yaml")
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process running() {
    return java.util.Objects.requireNonNull(process, "not started");
  }

  /** Waits until it listens. */
  void awaitServing() {
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(running().getInputStream(), StandardCharsets.UTF_8));
    try {
      String line = out.readLine();
      while (line != null && !line.startsWith("ready ")) {
        line = out.readLine();
      }
      if (line == null) {
        throw new AssertionError("a gateway did not start: " + Files.readString(log()));
      }
      String[] words = line.split(" ");
      url = "http://127.0.0.1:" + words[1];
      adminUrl = "http://127.0.0.1:" + words[2];
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // Whatever it still says must not fill the pipe.
    Thread.startVirtualThread(() -> out.lines().forEach(line -> {}));
  }

  /** Returns the warnings of all its lives. */
  List<String> warnings() {
    try (Stream<String> said = Files.lines(log())) {
      return said.filter(line -> line.contains("WARN")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path log() {
    return folder.resolve("errors.log");
  }

  /** Whether records were left in its journal, for its next life to import. */
  boolean hasJournal() {
    try (Stream<Path> left = Files.list(folder.resolve("data/journal"))) {
      return left.findAny().isPresent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where clients reach it; of its last life while it is down. */
  String url() {
    return url;
  }

  boolean isReady() {
    try {
      return admin("/readyz").startsWith("ok");
    } catch (IOException e) {
      return false;
    }
  }

  String admin(String path) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(adminUrl + path)).timeout(Duration.ofSeconds(20)).build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends it as a crash would. */
  void kill() {
    running().destroyForcibly();
    awaitEnd();
  }

  /** Ends it in order: calls under way finish, what it was granted goes back. */
  void stop() {
    order("stop");
    awaitEnd();
  }

  /** Moves its wall clock. */
  void jump(long millis) {
    order("jump " + millis);
  }

  /** Sends {@code STOP} or {@code CONT}. */
  void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(running().pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void order(String words) {
    try {
      running().getOutputStream().write((words + "\n").getBytes(StandardCharsets.UTF_8));
      running().getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitEnd() {
    try {
      running().waitFor();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    if (process != null && process.isAlive()) {
      kill();
    }
  }
}
