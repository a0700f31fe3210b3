package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process, killed with SIGKILL while it writes. */
final class KillTest {
  private static final int ENOUGH = 3000;

  @TempDir Path directory;

  /** Writes rows for ever and prints each id after its row is in the journal. */
  public static void main(String[] args) {
    Path directory = Path.of(args[0]);
    Random random = new Random(8);
    try (SqlLedger ledger = SqlLedger.open(options(directory), Ticker.system())) {
      LedgerWriter writer = ledger.writer();
      StringBuilder lines = new StringBuilder();
      for (long i = 0; ; i++) {
        LedgerRow row = Rows.row(random, Rows.NOV_1 + i);
        if (!writer.intent(Rows.intent(row, Rows.NOV_1))) {
          continue;
        }
        lines.append("I ").append(row.id()).append('\n');
        if (i % 10 != 9) {
          writer.row(row);
          lines.append("R ").append(row.id()).append(' ').append(row.money().cost()).append('\n');
        }
        System.out.print(lines);
        System.out.flush();
        lines.setLength(0);
      }
    }
  }

  private static LedgerOptions options(Path directory) {
    return LedgerOptions.of(
        "sqlite:" + directory.resolve("ledger.db"), directory.resolve("journal"));
  }

  @Test
  void sigkill_everyAcknowledgedRowIsKeptEveryOpenIntentIsBooked() throws Exception {
    Process child = start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        lines.add(line);
        if (lines.size() == ENOUGH) {
          // The handle, not the process: that would close the pipe and lose what was acknowledged.
          child.toHandle().destroyForcibly();
        }
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    assertThat(lines).hasSizeGreaterThanOrEqualTo(ENOUGH);

    try (SqlLedger ledger = SqlLedger.open(options(directory), Ticker.system())) {
      assertThat(ledger.recovery().journals()).isEqualTo(1);
      assertThat(ledger.recovery().crashed()).isPositive();
      for (String line : lines) {
        String[] words = line.split(" ");
        if (words.length > 1 && words[1].length() == 36) {
          verify(ledger, words);
        }
      }
    }
  }

  private static void verify(SqlLedger ledger, String[] words) {
    UUID request = RequestIds.request(UUID.fromString(words[1]), 1);
    List<LedgerRow> rows = ledger.queries().request(request);
    assertThat(rows).as(words[1]).hasSize(1);
    if (words.length == 3) {
      assertThat(rows.getFirst().attempt().cause()).isEqualTo(Cause.REQUEST);
    } else if (rows.getFirst().attempt().cause() == Cause.CRASH) {
      assertThat(rows.getFirst().money().cost()).isEqualTo(Rows.NOV_1);
    }
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            KillTest.class.getName(),
            directory.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
