package io.penstock.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.Config;
import io.penstock.server.store.Ledgers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a command says when the machine does not give it what it needs: one line that teaches. */
class BadMachineTest {
  @TempDir private Path directory;

  /** Runs a command in a process of its own and returns its exit code and the lines it said. */
  private List<String> run(String option, String... words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                option,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    try {
      List<String> lines = new ArrayList<>();
      lines.add("exit " + ended(process, lines));
      return lines;
    } finally {
      process.destroyForcibly();
    }
  }

  private static int ended(Process process, List<String> lines)
      throws IOException, InterruptedException {
    process
        .inputReader(StandardCharsets.UTF_8)
        .lines()
        // The JVM's own.
        .filter(line -> !line.startsWith("WARNING: java.io.tmpdir"))
        .forEach(lines::add);
    return process.waitFor();
  }

  @Test
  void warmup_noTempFolder_saysSoAndStartsNobody() throws Exception {
    Path gone = directory.resolve("gone");

    List<String> said = run("-Djava.io.tmpdir=" + gone, "warmup", "--calls", "1");

    assertThat(said)
        .hasSize(2)
        .first()
        .asString()
        .startsWith("penstock: " + gone + "/penstock-warmup")
        .endsWith(": no such file or directory");
    assertThat(said).last().isEqualTo("exit 2");
  }

  @Test
  void warmup_allThere_callsAndEnds() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("temp"));

    List<String> said = run("-Djava.io.tmpdir=" + folder, "warmup", "--calls", "1");

    assertThat(said).last().as(said.toString()).isEqualTo("exit 0");
    assertThat(folder).isDirectoryNotContaining("glob:**penstock-warmup*");
  }

  private Path config(String ledger) throws IOException {
    return Files.writeString(
        directory.resolve("penstock.yaml"),
        """
        listen: 127.0.0.1:0
        admin: { listen: 127.0.0.1:0 }
        log: { level: warn }
        ledger: { url: "sqlite:%s" }
        providers: { o: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k] } }
        models: { small: o/gpt-4o-mini }
        teams: { t: {} }
        keys: [{ id: a, sha256: "%s", team: t }]
        """
            .formatted(ledger, "0".repeat(64)));
  }

  @Test
  void serve_noTempFolderForSqlite_saysWhichAndWhatToSet() throws Exception {
    Path config = config(directory.resolve("l.db").toString());
    Path gone = directory.resolve("gone");

    List<String> said = run("-Dorg.sqlite.tmpdir=" + gone, "serve", "--config", config.toString());

    assertThat(said)
        .containsExactly(
            "penstock: ledger.url: sqlite:"
                + directory.resolve("l.db")
                + ": SQLite's native library cannot be loaded: there is no temp folder "
                + gone
                + " (expected: a temp folder that this user may write and that may hold programs;"
                + " PENSTOCK_JAVA_OPTS=-Djava.io.tmpdir=FOLDER names another)",
            "exit 2");
  }

  @Test
  void open_directoryThatCannotBeMade_saysItOnce() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    Config config =
        ConfigOption.load(config(file + "/data/l.db"), new PrintWriter(new StringWriter()));

    assertThatThrownBy(() -> Ledgers.open(requireNonNull(config).ledger(), Ticker.system()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("ledger.url: cannot make " + file + "/data: ")
        .hasMessageEndingWith("(expected: a directory that this user may make and write)");
  }
}
