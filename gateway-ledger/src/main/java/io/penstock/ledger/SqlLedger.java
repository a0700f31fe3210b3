package io.penstock.ledger;

import io.penstock.core.PrivateFile;
import io.penstock.core.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger over SQLite or PostgreSQL. */
public final class SqlLedger implements Ledger {
  private static final Logger LOG = LoggerFactory.getLogger(SqlLedger.class);
  private static final long BOOK_MILLIS = 10_000;

  /** A try that is under way ends within SQLite's busy_timeout of 5 s, or is not waited for. */
  private static final long LAST_TRY_MILLIS = 7_000;

  private final Journal journal;
  private final LedgerThread thread;
  private final ReadPool pool;
  private final SqlQueries queries;
  private final CatalogueBook catalogues;
  private final Recovery recovery;
  private final Stats stats = new Stats();

  private SqlLedger(
      Journal journal, LedgerThread thread, LedgerOptions options, Recovery recovery) {
    this.journal = journal;
    this.thread = thread;
    this.pool = new ReadPool(options);
    this.queries = new SqlQueries(pool, Ledger.REPORTS);
    this.catalogues = new CatalogueBook(pool);
    this.recovery = recovery;
  }

  /**
   * Opens the database (made or migrated as needed), imports the journals of dead processes, starts
   * the journal and the ledger thread. Blocks.
   *
   * @throws LedgerException when the database or the journal directory cannot be used
   */
  public static SqlLedger open(LedgerOptions options, Ticker ticker) {
    return open(options, List.of(), ticker);
  }

  /**
   * Does the same, and imports further journals of dead processes.
   *
   * @param others where they may lie too; nothing is written there
   */
  public static SqlLedger open(LedgerOptions options, List<Path> others, Ticker ticker) {
    makePlace(options.url());
    Store store = Store.open(options, ticker);
    try {
      store.startWriting();
      List<Path> all = new ArrayList<>(others);
      all.addFirst(options.journal());
      Admission admission = new Admission(store, options.journal());
      Recovery recovery = Recoverer.run(all, admission);
      Journal journal = Journal.open(options.journal(), options.journalSizes());
      LedgerThread thread = new LedgerThread(journal, store, admission, options, ticker);
      thread.start();
      return new SqlLedger(journal, thread, options, recovery);
    } catch (IOException e) {
      store.close();
      throw new LedgerException("journal " + options.journal() + ": " + e, e);
    } catch (LedgerException e) {
      store.close();
      throw e;
    }
  }

  /** Opens a ledger for reading, for commands that run beside a server; migrates it if needed. */
  public static LedgerReader read(LedgerOptions options) {
    Store.open(options, Ticker.system()).close();
    ReadPool pool = new ReadPool(options);
    return new LedgerReader(pool, new CatalogueBook(pool));
  }

  /** SQLite would make the file for all to read; what it makes beside it is as the file is. */
  private static void makePlace(String url) {
    if (SqlDialect.of(url) != SqlDialect.SQLITE) {
      return;
    }
    String file = url.substring("sqlite:".length());
    int query = file.indexOf('?');
    Path ledger = Path.of(query < 0 ? file : file.substring(0, query));
    Path parent = ledger.getParent();
    if (parent != null) {
      try {
        Files.createDirectories(parent);
      } catch (IOException e) {
        throw new LedgerException(
            "ledger.url: cannot make "
                + parent
                + ": "
                + e
                + " (expected: a directory that this user may make and write)",
            e);
      }
    }
    boolean named = !file.startsWith(":") && !file.startsWith("file:");
    if (named && !Files.exists(ledger)) {
      try {
        PrivateFile.open(ledger, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
      } catch (IOException e) {
        LOG.debug("ledger: {}", e.toString()); // SQLite tells what is wrong with the place
      }
    }
  }

  @Override
  public LedgerWriter writer() {
    return journal.writer();
  }

  @Override
  public LedgerStats stats() {
    return stats;
  }

  @Override
  public void flush(long timeoutMillis) {
    long target = journal.counts().appended().sum();
    long contents = thread.contents().put();
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    while (thread.consumed() < target || thread.contents().committed() < contents) {
      if (System.nanoTime() - deadline > 0) {
        throw new LedgerException(
            "the database did not take "
                + stats.queue()
                + " records within "
                + timeoutMillis
                + " ms: "
                + thread.error());
      }
      thread.wake();
      LockSupport.parkNanos(this, 1_000_000);
    }
  }

  @Override
  public void book(LedgerRow row) {
    book(row, BOOK_MILLIS, LAST_TRY_MILLIS);
  }

  /**
   * Does so within another time.
   *
   * @param millis after which it is not tried again
   * @param lastTryMillis how long to wait then for a try that is under way
   */
  void book(LedgerRow row, long millis, long lastTryMillis) {
    await(new Booking(List.of(row), List.of()), millis, lastTryMillis);
  }

  @Override
  public boolean bookUnlessCorrected(LedgerRow correction, long corrections) {
    return await(Booking.premised(correction, corrections), BOOK_MILLIS, LAST_TRY_MILLIS);
  }

  @Override
  public void found(long owner) {
    await(new Booking(List.of(), List.of(owner)), BOOK_MILLIS, LAST_TRY_MILLIS);
  }

  private boolean await(Booking booking, long millis, long lastTryMillis) {
    thread.add(booking);
    try {
      if (isDone(booking, millis)) {
        return booking.done().get();
      }
      booking.withdraw(thread.error());
      if (!isDone(booking, lastTryMillis) && booking.stay()) {
        throw new StillBookingException(
            "the row is still being written: " + thread.error(), booking.done());
      }
      return booking.done().get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new LedgerException(String.valueOf(cause == null ? e : cause.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LedgerException("interrupted while booking", e);
    }
  }

  private static boolean isDone(Booking booking, long millis)
      throws ExecutionException, InterruptedException {
    try {
      booking.done().get(millis, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  @Override
  public boolean keep(Content content) {
    return thread.keep(content);
  }

  @Override
  public void onCommit(Consumer<LedgerRow> listener) {
    thread.onCommit(listener);
  }

  @Override
  public LedgerQueries queries() {
    return queries;
  }

  @Override
  public void keep(Catalogue catalogue) {
    thread.catalogues().put(catalogue);
    thread.wake();
  }

  @Override
  public CatalogueBook catalogues() {
    return catalogues;
  }

  /** Statements of closed months. */
  public StatementBook statements() {
    return new StatementBook(pool);
  }

  @Override
  public Recovery recovery() {
    return recovery;
  }

  @Override
  public void close() {
    try {
      thread.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    journal.close(thread.isDrained());
    pool.close();
  }

  private final class Stats implements LedgerStats {
    @Override
    public long queue() {
      return Math.max(0, journal.counts().appended().sum() - thread.consumed());
    }

    @Override
    public long oldestNanos() {
      return queue() == 0 ? 0 : thread.oldestNanos();
    }

    @Override
    public long lost() {
      return journal.counts().lost().sum();
    }

    @Override
    public long unrecorded() {
      return journal.counts().unrecorded().sum();
    }

    @Override
    public long refused() {
      return thread.refused();
    }

    @Override
    public long stalls() {
      return journal.counts().stalls().sum();
    }

    @Override
    public long open() {
      return thread.openIntents();
    }

    @Override
    public boolean full() {
      return journal.chain().isFull();
    }

    @Override
    public boolean diskFull() {
      return journal.chain().isDiskFull();
    }

    @Override
    public long lastCommitMillis() {
      return thread.lastCommitMillis();
    }

    @Override
    public String databaseError() {
      return thread.error();
    }
  }
}
