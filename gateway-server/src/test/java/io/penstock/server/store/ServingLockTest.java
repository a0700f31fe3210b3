package io.penstock.server.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.server.Main;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.Config;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may serve with one SQLite ledger at the same time, with other processes. */
@Timeout(120)
class ServingLockTest {
  private static final String REDIS = "state: { redis: redis://127.0.0.1:1 }\n";

  @TempDir Path directory;

  private static ProcessBuilder java(Class<?> main, String... words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
  }

  /** Returns what another process hears that tries to take the lock, and ends it. */
  private static String elsewhere(Path config) throws IOException {
    Process process = java(ServingLockTest.class, config.toString()).start();
    try {
      return process.inputReader().readLine();
    } finally {
      process.destroyForcibly().onExit().join();
    }
  }

  /** A process that takes the lock and does what it is told. */
  private static final class Holder implements AutoCloseable {
    private final Process process;
    private final BufferedWriter words;
    private final BufferedReader answers;

    Holder(Path config) throws IOException {
      process = java(ServingLockTest.class, config.toString()).start();
      words = process.outputWriter();
      answers = process.inputReader();
      assertThat(answers.readLine()).isEqualTo("held");
    }

    void told(String what) {
      try {
        words.write(what + "\n");
        words.flush();
        assertThat(answers.readLine()).isEqualTo(what);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }

  /** The holder: takes the lock of a configuration, then {@code drain} and {@code close}. */
  public static void main(String[] args) throws IOException {
    ServingLock lock;
    try {
      lock = requireNonNull(take(load(Path.of(args[0]))));
    } catch (IOException e) {
      System.out.println(e.getMessage());
      return;
    }
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
    return config(name, directory.resolve("ledger.db"), more);
  }

  private Path config(String name, Path ledger, String more) throws IOException {
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
            .formatted(ledger, "0".repeat(64), more));
  }

  /** Without a grace: not to wait is a refusal at once. */
  private static @Nullable ServingLock take(Config config) throws IOException {
    return ServingLock.take(
        config,
        Duration.ZERO,
        () -> {
          throw new AssertionError("it waits");
        });
  }

  private static void close(ServingLock lock) {
    try {
      lock.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static @Nullable ServingLock take(Path config) throws IOException {
    return take(load(config));
  }

  @Test
  void take_anotherServesAlone_isRefusedWithWhoItIsAndWhatToDo() throws Exception {
    Path alone = config("alone.yaml", "");
    Path shared = config("shared.yaml", REDIS);
    try (Holder holder = new Holder(alone)) {
      assertThatThrownBy(() -> take(alone))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("ledger.url: sqlite:" + directory.resolve("ledger.db"))
          .hasMessageContaining("the process " + holder.process.pid())
          .hasMessageContaining("127.0.0.1:18080")
          .hasMessageContaining(directory.toRealPath().resolve("ledger.db.lock").toString())
          .hasMessageContaining("state: { redis: ... }")
          .hasMessageContaining("ledger of its own");
      assertThatThrownBy(() -> take(shared))
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
    Config config = load(alone);
    AtomicInteger looks = new AtomicInteger();
    try (Holder holder = new Holder(alone)) {
      holder.told("drain");
      Runnable pause =
          () -> {
            if (looks.incrementAndGet() == 3) {
              holder.told("close");
            }
          };
      try (ServingLock taken = ServingLock.take(config, Duration.ZERO, pause)) {
        assertThat(taken).isNotNull();
      }
    }
    assertThat(looks).hasValue(3);
  }

  @Test
  void serve_toldToStopWhileItWaits_endsWithoutServing() throws Exception {
    Path alone = config("alone.yaml", "");
    try (Holder holder = new Holder(alone)) {
      holder.told("drain");
      Process waiting =
          java(Main.class, "serve", "--config", alone.toString())
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .start();
      try (BufferedReader said = waiting.inputReader()) {
        String line = said.readLine();
        while (line != null && !line.contains("waiting for the ledger")) {
          line = said.readLine();
        }
        assertThat(line).isNotNull();
        // Not Process.destroy(), which closes what is read here.
        assertThat(waiting.toHandle().destroy()).isTrue();
        // By itself it would wait 45 s, and the stop for it 30 s.
        assertThat(waiting.onExit()).succeedsWithin(Duration.ofSeconds(20));
        assertThat(waiting.exitValue()).isEqualTo(128 + 15);
        assertThat(said.lines()).noneMatch(after -> after.contains("serving"));
      } finally {
        waiting.destroyForcibly().onExit().join();
      }
    }
  }

  @Test
  void take_oneOfSeveralDrains_doesNotWaitForIt() throws Exception {
    Path alone = config("alone.yaml", "");
    try (Holder holder = new Holder(config("shared.yaml", REDIS))) {
      holder.told("drain");
      assertThatThrownBy(() -> take(alone)).hasMessageContaining("Each would count");
    }
  }

  @Test
  void take_refusedInTheHoldersProcess_otherProcessesAreStillRefused() throws Exception {
    Path alone = config("alone.yaml", "");
    try (ServingLock held = requireNonNull(take(alone))) {
      assertThatThrownBy(() -> take(alone))
          .hasMessageContaining("the process " + ProcessHandle.current().pid());
      assertThat(elsewhere(alone)).contains("in use by the process");
      held.draining();
      AtomicInteger looks = new AtomicInteger();
      Runnable pause =
          () -> {
            looks.incrementAndGet();
            close(held);
          };
      try (ServingLock next = ServingLock.take(load(alone), Duration.ZERO, pause)) {
        assertThat(next).isNotSameAs(held);
      }
      assertThat(looks).hasValue(1);
    }
  }

  @Test
  void take_sameLedgerBehindLinks_isRefused() throws Exception {
    Path alone = config("alone.yaml", "");
    Path other = Files.createDirectory(directory.resolve("other"));
    Files.createSymbolicLink(other.resolve("link.db"), Path.of("..", "ledger.db"));
    Files.createSymbolicLink(other.resolve("again.db"), other.resolve("link.db"));
    Files.createSymbolicLink(directory.resolve("folder"), directory);
    List<Path> linked =
        List.of(
            config("link.yaml", other.resolve("link.db"), ""),
            config("again.yaml", other.resolve("again.db"), ""),
            config("folder.yaml", directory.resolve("folder").resolve("ledger.db"), ""));
    try (Holder holder = new Holder(alone)) {
      String by = "in use by the process " + holder.process.pid();
      for (Path config : linked) {
        assertThatThrownBy(() -> take(config)).as("no ledger yet").hasMessageContaining(by);
      }
      Files.createFile(directory.resolve("ledger.db"));
      for (Path config : linked) {
        assertThatThrownBy(() -> take(config)).as("a ledger").hasMessageContaining(by);
      }
    }
  }

  @Test
  void take_linkToItself_isRefusedWithTheReason() throws Exception {
    Path link = directory.resolve("ledger.db");
    Files.createSymbolicLink(link, link);
    Path alone = config("alone.yaml", "");
    assertThatThrownBy(() -> take(alone))
        .hasMessageStartingWith("ledger.url: cannot make ")
        .hasMessageContaining("FileSystemLoopException");
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
      assertThatThrownBy(() -> take(alone))
          .hasMessageContaining("the process " + holder.process.pid())
          .hasMessageContaining("Each would count");
    }
  }
}
