package io.penstock.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.server.config.Config;
import io.penstock.testkit.FakeProvider;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may serve with one SQLite ledger at the same time, with other processes. */
@Timeout(120)
class ServingLockTest {
  private static final String REDIS = "state: { redis: redis://127.0.0.1:1 }\n";

  @TempDir Path directory;

  /** A process that takes the lock and does what it is told. */
  private static final class Holder implements AutoCloseable {
    private final Process process;
    private final BufferedWriter words;
    private final BufferedReader answers;

    Holder(Path config) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ServingLockTest.class.getName(),
                  config.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      words = process.outputWriter();
      answers = process.inputReader();
      assertThat(answers.readLine()).isEqualTo("held");
    }

    void told(String what) throws IOException {
      words.write(what + "\n");
      words.flush();
      assertThat(answers.readLine()).isEqualTo(what);
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }

  /** The holder: takes the lock of a configuration, then {@code drain} and {@code close}. */
  public static void main(String[] args) throws IOException {
    ServingLock lock = requireNonNull(ServingLock.take(load(Path.of(args[0])), Duration.ZERO));
    System.out.println("held");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String word = in.readLine(); word != null; word = in.readLine()) {
      if (word.equals("drain")) {
        lock.draining();
      } else {
        lock.close();
      }
      System.out.println(word);
    }
  }

  private static Config load(Path file) {
    StringWriter problems = new StringWriter();
    return requireNonNull(
        ConfigOption.load(file, new PrintWriter(problems)), () -> problems.toString());
  }

  private Path config(String name, String more) throws IOException {
    return Files.writeString(
        directory.resolve(name),
        """
        ledger: { url: "sqlite:%s" }
        limits: { drain: 30s }
        listen: 127.0.0.1:18080
        providers: { p: { dialect: openai, base_url: "http://127.0.0.1:9/v1", keys: [k] } }
        models: { m: p/gpt-4o-mini }
        teams: { t: {} }
        keys: [{ id: a, sha256: "%s", team: t }]
        %s
        """
            .formatted(directory.resolve("ledger.db"), "0".repeat(64), more));
  }

  private static @Nullable ServingLock take(Path config) {
    try {
      return ServingLock.take(load(config), Duration.ZERO);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void take_anotherServesAlone_isRefusedWithWhoItIsAndWhatToDo() throws Exception {
    Path alone = config("alone.yaml", "");
    Path shared = config("shared.yaml", REDIS);
    try (Holder holder = new Holder(alone)) {
      assertThatThrownBy(() -> ServingLock.take(load(alone), Duration.ZERO))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("ledger.url: sqlite:" + directory.resolve("ledger.db"))
          .hasMessageContaining("the process " + holder.process.pid())
          .hasMessageContaining("127.0.0.1:18080")
          .hasMessageContaining(directory.resolve("ledger.db.lock").toString())
          .hasMessageContaining("state: { redis: ... }")
          .hasMessageContaining("ledger of its own");
      assertThatThrownBy(() -> ServingLock.take(load(shared), Duration.ZERO))
          .hasMessageContaining("the process " + holder.process.pid())
          .hasMessageContaining("give it the same state");
    }
  }

  @Test
  void take_holderKilled_isGranted() throws Exception {
    Path alone = config("alone.yaml", "");
    new Holder(alone).close();
    try (ServingLock taken = take(alone)) {
      assertThat(taken).isNotNull();
    }
  }

  @Test
  void take_holderDrains_waitsUntilItHasEnded() throws Exception {
    Path alone = config("alone.yaml", "");
    try (Holder holder = new Holder(alone)) {
      holder.told("drain");
      // Without a grace: not to wait would be a refusal at once.
      CompletableFuture<@Nullable ServingLock> waiting =
          CompletableFuture.supplyAsync(() -> take(alone));
      holder.told("close");
      try (ServingLock taken = waiting.join()) {
        assertThat(taken).isNotNull();
      }
    }
  }

  @Test
  void take_allCountInRedis_isGrantedToAll_andNotToOneThatCountsAlone() throws Exception {
    Path alone = config("alone.yaml", "");
    Path shared = config("shared.yaml", REDIS);
    try (Holder holder = new Holder(shared);
        ServingLock here = take(shared);
        ServingLock again = take(shared)) {
      assertThat(holder.process.isAlive()).isTrue();
      assertThat(again).isSameAs(here);
    }
    try (Holder holder = new Holder(shared)) {
      assertThatThrownBy(() -> ServingLock.take(load(alone), Duration.ZERO))
          .hasMessageContaining("the process " + holder.process.pid())
          .hasMessageContaining("Each would count");
    }
  }

  @Test
  void gateway_second_isRefused_commandsBesideItWork() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      String yaml = RunningGateway.yaml(directory, provider, "");
      try (RunningGateway first = RunningGateway.start(directory, yaml)) {
        first.post("/v1/chat/completions", "{\"model\":\"gpt-4o-mini\",\"messages\":[]}");
        first.awaitRecorded();
        assertThatThrownBy(() -> RunningGateway.start(directory, yaml))
            .hasMessageContaining("in use by the process " + ProcessHandle.current().pid());
        for (String command : new String[] {"report", "budgets"}) {
          assertThat(
                  Main.commandLine(command).execute(command, "--config", first.file().toString()))
              .isEqualTo(Main.OK);
        }
      }
      try (RunningGateway next = RunningGateway.start(directory, yaml)) {
        assertThat(next.get("/readyz").statusCode()).isEqualTo(200);
      }
    }
  }
}
