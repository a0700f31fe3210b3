package io.penstock.server.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Intent;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.SqlLedger;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.LedgerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies beside an SQLite ledger is found by every name that the ledger has. */
public class LedgersTest {
  private static final Ticker TICKER = Ticker.system();

  @TempDir Path directory;
  private Path ledger;
  private Path link;

  @BeforeEach
  void names() throws IOException {
    ledger = Files.createDirectory(directory.toRealPath().resolve("data")).resolve("ledger.db");
    link = Files.createDirectory(directory.resolve("other")).resolve("link.db");
    Files.createSymbolicLink(link, Path.of("..", "data", "ledger.db"));
  }

  private static String url(Path file) {
    return "sqlite:" + file;
  }

  private Ledger open(Path file) throws IOException {
    Path yaml =
        Files.writeString(
            directory.resolve("penstock.yaml"), "ledger: { url: \"" + url(file) + "\" }");
    StringWriter problems = new StringWriter();
    LedgerConfig config =
        requireNonNull(ConfigOption.load(yaml, new PrintWriter(problems)), problems::toString)
            .ledger();
    return Ledgers.open(config, TICKER);
  }

  /** Leaves the journal of a process that was killed in the middle of a call. */
  public static void dieIn(Ledger opened) {
    try (Ledger dying = opened) {
      LedgerRow.Caller caller = new LedgerRow.Caller("t", "", "", "", "k", "", Map.of());
      LedgerRow.Destination to = new LedgerRow.Destination("chat", "m", "m", "", "p", "m");
      LedgerRow.Attempt attempt =
          new LedgerRow.Attempt(
              new RequestIds(TICKER, new SplittableRandom(1)).next(), 1, Cause.REQUEST);
      assertThat(dying.writer().intent(new Intent(attempt, 1, caller, to, 7, "test", List.of())))
          .isTrue();
    }
  }

  @Test
  void open_killedUnderALink_startedUnderTheName_importsTheJournal() throws IOException {
    dieIn(open(link));
    assertThat(directory.resolve("other")).isDirectoryNotContaining("glob:**.journal");

    try (Ledger next = open(ledger)) {
      assertThat(next.recovery().crashed()).isEqualTo(1);
    }
  }

  @Test
  void open_killedUnderTheName_startedUnderALink_importsTheJournal() throws IOException {
    dieIn(open(ledger));

    try (Ledger next = open(link)) {
      assertThat(next.recovery().crashed()).isEqualTo(1);
    }
  }

  @Test
  void open_journalThatAnEarlierVersionLeftBesideTheLink_isImportedOnce() throws IOException {
    Path byName = Path.of(link + ".journal");
    dieIn(SqlLedger.open(LedgerOptions.of(url(link), byName), TICKER));
    assertThat(byName).isNotEmptyDirectory();

    try (Ledger next = open(link)) {
      assertThat(next.recovery().crashed()).isEqualTo(1);
      assertThat(next.recovery().crashCost()).isEqualTo(7);
    }
    assertThat(byName).isEmptyDirectory();
    try (Ledger next = open(link)) {
      assertThat(next.recovery().journals()).isZero();
      assertThat(next.recovery().crashCost()).isZero();
    }
  }

  @Test
  void beside_anyName_isOneFile_withWhatAnEarlierVersionKeptBesideTheLink() throws IOException {
    Path byName = Path.of(link + ".journal-cache-checks.json");
    Files.writeString(byName, "{}");

    Path file = Ledgers.beside(url(link));

    assertThat(file).isEqualTo(Path.of(ledger + ".journal-cache-checks.json")).hasContent("{}");
    assertThat(byName).doesNotExist();
    assertThat(Ledgers.beside(url(ledger) + "?cache=shared")).isEqualTo(file);

    Files.writeString(byName, "old");
    Ledgers.beside(url(link));
    assertThat(file).hasContent("{}");
  }
}
