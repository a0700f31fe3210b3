package io.penstock.server.store;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger of a configuration, as the gateway and the commands beside it open it. */
public final class Ledgers {
  private static final Logger LOG = LoggerFactory.getLogger(Ledgers.class);
  private static final String SQLITE = "sqlite:";
  private static final String JOURNAL = ".journal";
  private static final String CHECKS = "-cache-checks.json";

  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  private Ledgers() {}

  /**
   * Opens the ledger of a configuration for reading.
   *
   * @throws IllegalArgumentException when there is none yet
   */
  public static LedgerReader read(Config config) {
    return SqlLedger.read(options(config));
  }

  /**
   * Opens a ledger for writing; another process may be writing too.
   *
   * @throws IOException when it cannot be opened, with the reason
   */
  public static Ledger open(LedgerConfig config, Ticker ticker) throws IOException {
    String url = config.location();
    Path journal = journalDirectory(url);
    LedgerOptions options =
        new LedgerOptions(
            url,
            journal,
            config.retain(),
            config.content().retain(),
            config.rollup(),
            LedgerOptions.JournalSizes.DEFAULT);
    try {
      return SqlLedger.open(options, journalsByName(url, journal), ticker);
    } catch (LedgerException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * Returns the file beside the ledger that keeps what checks of semantic hits have shown; brings
   * it there from beside the name where earlier versions kept it.
   *
   * @throws IOException when the ledger's directory can't be made, with the reason
   */
  public static Path beside(String url) throws IOException {
    Path file = Path.of(journalDirectory(url) + CHECKS);
    if (isSqlite(url)) {
      Path byName = Path.of(file(url) + JOURNAL + CHECKS);
      if (Files.exists(byName) && !Files.exists(file)) {
        try {
          Files.move(byName, file);
        } catch (IOException e) {
          LOG.atWarn()
              .addKeyValue("file", byName)
              .addKeyValue("error", e.toString())
              .log("what checks of semantic hits had shown cannot be moved: they are made again");
        }
      }
    }
    return file;
  }

  /**
   * Returns where the journal lies: beside an SQLite file, one by whatever symbolic links that is
   * named; with PostgreSQL in data/journal. Makes the directory of the ledger.
   *
   * @throws IOException when it can't be made, with the reason
   */
  static Path journalDirectory(String url) throws IOException {
    return isSqlite(url) ? Path.of(place(url) + JOURNAL) : Path.of("data", "journal");
  }

  /** Returns where journals of this ledger may lie; nothing is made. */
  public static List<Path> journals(LedgerConfig config) throws IOException {
    String url = config.location();
    if (isSqlite(url) && !Files.exists(Path.of(file(url)))) {
      return List.of();
    }
    Path journal = journalDirectory(url);
    List<Path> all = new ArrayList<>(journalsByName(url, journal));
    all.addFirst(journal);
    return all;
  }

  /** Earlier versions had the journal beside the name, where a link is: what they left there. */
  private static List<Path> journalsByName(String url, Path journal) throws IOException {
    Path byName = isSqlite(url) ? Path.of(file(url) + JOURNAL) : journal;
    boolean other =
        Files.isDirectory(byName) && !(Files.exists(journal) && Files.isSameFile(byName, journal));
    return other ? List.of(byName) : List.of();
  }

  /**
   * Returns the file that says who serves with an SQLite ledger: one, by whatever symbolic links
   * the ledger is named. Makes the directory of the ledger.
   *
   * @throws IOException when it can't be made, with the reason
   */
  static Path lockFile(String url) throws IOException {
    return Path.of(place(url) + ".lock");
  }

  private static boolean isSqlite(String url) {
    return url.startsWith(SQLITE);
  }

  /** Returns where an SQLite ledger is or will be, without links; makes its directory. */
  private static Path place(String url) throws IOException {
    Path ledger = Path.of(file(url)).toAbsolutePath();
    Path directory = Objects.requireNonNullElse(ledger.getParent(), ledger);
    try {
      Files.createDirectories(directory);
      return real(ledger);
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
    String file = url.substring(SQLITE.length());
    int query = file.indexOf('?');
    return query < 0 ? file : file.substring(0, query);
  }

  /** Returns where the ledger is, after a look whether it is there. */
  private static LedgerOptions options(Config config) {
    String url = config.ledger().location();
    if (isSqlite(url) && !Files.exists(Path.of(file(url)))) {
      throw new IllegalArgumentException(
          "ledger.url: "
              + url
              + " does not exist yet: looked for "
              + Path.of(file(url)).toAbsolutePath().normalize()
              + " (expected: the ledger of a gateway that ran; a relative path is that of the"
              + " directory where a command runs)");
    }
    try {
      return LedgerOptions.of(url, journalDirectory(url));
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
