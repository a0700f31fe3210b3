package io.penstock.server;

import io.penstock.core.Ticker;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.LedgerReader;
import io.penstock.ledger.SqlLedger;
import io.penstock.server.config.Config;
import io.penstock.server.config.LedgerConfig;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The ledger of a configuration, as the gateway and the commands beside it open it. */
final class Ledgers {
  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  private Ledgers() {}

  /**
   * Opens the ledger of a configuration for reading.
   *
   * @throws IllegalArgumentException when there is none yet
   */
  static LedgerReader read(Config config) {
    return SqlLedger.read(options(config));
  }

  /**
   * Opens a ledger for writing; another process may be writing too.
   *
   * @throws IOException when it cannot be opened, with the reason
   */
  static Ledger open(LedgerConfig config, Ticker ticker) throws IOException {
    String url = config.url().reveal();
    LedgerOptions options =
        new LedgerOptions(
            url,
            journalDirectory(url),
            config.retain(),
            config.content().retain(),
            config.rollup(),
            LedgerOptions.JournalSizes.DEFAULT);
    try {
      return SqlLedger.open(options, ticker);
    } catch (LedgerException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Returns the file beside the ledger that keeps what checks of semantic hits have shown. */
  static Path beside(String url) {
    Path journal = journalDirectory(url);
    return journal.resolveSibling(journal.getFileName() + "-cache-checks.json");
  }

  /** The journal lies beside an SQLite file; with PostgreSQL in data/journal. */
  static Path journalDirectory(String url) {
    if (!url.startsWith("sqlite:")) {
      return Path.of("data", "journal");
    }
    return Path.of(file(url) + ".journal");
  }

  /**
   * Returns the file that says who serves with an SQLite ledger: one, by whatever symbolic links
   * the ledger is named. Makes the directory of the ledger.
   *
   * @throws IOException when it can't be made, with the reason
   */
  static Path lockFile(String url) throws IOException {
    Path ledger = Path.of(file(url)).toAbsolutePath();
    Path directory = Objects.requireNonNullElse(ledger.getParent(), ledger);
    try {
      Files.createDirectories(directory);
      return Path.of(real(ledger) + ".lock");
    } catch (IOException e) {
      throw cannotMake(directory, e);
    }
  }

  /** Returns where SQLite has the file or will make it, which is behind a link to nothing too. */
  private static Path real(Path ledger) throws IOException {
    Path at = ledger;
    for (int links = 0; !Files.exists(at) && Files.isSymbolicLink(at); links++) {
      if (links == MOST_LINKS) {
        throw new FileSystemLoopException(ledger.toString());
      }
      at = at.resolveSibling(Files.readSymbolicLink(at));
    }
    Path directory = at.getParent();
    return Files.exists(at) || directory == null
        ? at.toRealPath()
        : directory.toRealPath().resolve(at.getFileName());
  }

  /** Tells what the ledger needs and cannot be made. */
  static IOException cannotMake(Path what, IOException cause) {
    return new IOException(
        "ledger.url: cannot make "
            + what
            + ": "
            + cause
            + " (expected: a directory that this user may make and write)",
        cause);
  }

  private static String file(String url) {
    String file = url.substring("sqlite:".length());
    int query = file.indexOf('?');
    return query < 0 ? file : file.substring(0, query);
  }

  /** Returns where the ledger is, after a look whether it is there. */
  private static LedgerOptions options(Config config) {
    String url = config.ledger().url().reveal();
    if (url.startsWith("sqlite:") && !Files.exists(Path.of(url.substring("sqlite:".length())))) {
      throw new IllegalArgumentException(
          "ledger.url: "
              + url
              + " does not exist yet (expected: the ledger of a gateway that ran)");
    }
    return LedgerOptions.of(url, journalDirectory(url));
  }
}
