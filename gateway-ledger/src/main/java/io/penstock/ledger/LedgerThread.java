package io.penstock.ledger;

import io.penstock.core.Niceness;
import io.penstock.core.Ticker;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes to the database: rows of the journal in batches, bookings, contents,
 * catalogues. Between batches it rests, and it deletes what is too old. A batch that the database
 * refuses is kept and tried again, so nothing is read twice or lost.
 */
final class LedgerThread {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerThread.class);

  /** A batch gathers for so long: the journal is durable, and few commits cost little. */
  private static final long GATHER_NANOS = 200_000_000;

  /** Rows between two times that it gives way. */
  static final int PORTION = 64;

  /** Of a full transaction's time, how much it rests after it, and how long at most. */
  private static final int REST = 3;

  static final long MOST_REST_NANOS = 50_000_000;

  /** With so many segments waiting it rests no more: the journal must not fill up. */
  static final int HURRY = 4;

  private static final long RETRY_NANOS = 200_000_000;
  private static final long EXPIRE_EVERY_NANOS = 3_600_000_000_000L;

  private final Journal journal;
  private final Store store;
  private final Admission admission;
  private final LedgerOptions options;
  private final Ticker ticker;
  private final Thread thread;
  private final JournalBatch batch;
  private final BookingQueue bookings = new BookingQueue();
  private final ContentQueue contents = new ContentQueue();
  private final CatalogueQueue catalogues;
  private final CopyOnWriteArrayList<Consumer<LedgerRow>> listeners = new CopyOnWriteArrayList<>();
  private long expireAt;

  /** Whether the last transaction was as large as one may be: more waits, nothing is gathered. */
  private boolean behind;

  private boolean nice;

  private volatile long lastCommitMillis;
  private volatile String error = "";
  private volatile boolean closed;

  LedgerThread(
      Journal journal, Store store, Admission admission, LedgerOptions options, Ticker ticker) {
    this.journal = journal;
    this.store = store;
    this.admission = admission;
    this.options = options;
    this.ticker = ticker;
    this.batch = new JournalBatch(journal, ticker);
    this.catalogues = new CatalogueQueue(store, options.retain());
    this.expireAt = ticker.nanoTime();
    this.thread = Thread.ofPlatform().name("penstock-ledger").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Commits what the journal holds, as far as the database takes it, and ends. */
  void close() throws InterruptedException {
    closed = true;
    LockSupport.unpark(thread);
    thread.join();
    store.close();
  }

  /** Returns whether all that was read is committed; only after {@link #close}. */
  boolean isDrained() {
    return batch.isEmpty();
  }

  void onCommit(Consumer<LedgerRow> listener) {
    listeners.add(listener);
  }

  ContentQueue contents() {
    return contents;
  }

  CatalogueQueue catalogues() {
    return catalogues;
  }

  boolean keep(Content content) {
    return !closed && contents.put(content);
  }

  /** Writes it with the next batch, unless it is withdrawn before. */
  void add(Booking booking) {
    bookings.add(booking);
    if (closed) {
      booking.withdraw("the ledger is closed");
    }
    LockSupport.unpark(thread);
  }

  /** Ends the wait for more. */
  void wake() {
    LockSupport.unpark(thread);
  }

  long consumed() {
    return batch.consumed();
  }

  int openIntents() {
    return batch.openIntents();
  }

  /** Returns how long the oldest record has waited, if one waits. */
  long oldestNanos() {
    return batch.oldestNanos();
  }

  long refused() {
    return admission.refused();
  }

  long lastCommitMillis() {
    return lastCommitMillis;
  }

  String error() {
    return error;
  }

  private void run() {
    boolean busy = true;
    boolean last = false;
    while (busy || !last) {
      // Read before the journal is: what was written before the end is then committed.
      last = closed;
      try {
        long began = ticker.nanoTime();
        busy = pump() > 0;
        if (!behind && !closed) {
          expire();
        }
        if (!closed) {
          LockSupport.parkNanos(this, behind ? rest(ticker.nanoTime() - began) : GATHER_NANOS);
        }
      } catch (SQLException | IOException | RuntimeException e) {
        failed(e);
        busy = false;
        if (!closed) {
          LockSupport.parkNanos(this, RETRY_NANOS);
        }
      }
    }
    bookings.close();
    catalogues.close();
  }

  private long rest(long tookNanos) {
    return restNanos(tookNanos, journal.chain().waiting());
  }

  /**
   * Returns how long to rest after a full transaction. What waits is safe, and the event loops,
   * which have as much to do as this thread when it falls behind, want the processor more: without
   * rest it takes half of one that it shares with a loop, just when a flood of refusals is over.
   */
  static long restNanos(long tookNanos, int segments) {
    return segments >= HURRY ? 0 : Math.clamp(REST * tookNanos, 0, MOST_REST_NANOS);
  }

  private void failed(Exception e) {
    String message = String.valueOf(e.getMessage());
    if (!message.equals(error)) {
      LOG.error("ledger: {} takes no rows: {}", options.safeUrl(), message);
    }
    error = message;
  }

  /** Commits one batch and returns how many records it took from the journal and bookings. */
  private int pump() throws SQLException, IOException {
    batch.fill();
    List<Booking> booked = bookings.take();
    List<Long> owners = new ArrayList<>();
    List<LedgerRow> rows = new ArrayList<>(batch.rows());
    Map<UUID, Long> corrections = new HashMap<>();
    for (Booking booking : booked) {
      rows.addAll(booking.rows());
      owners.addAll(booking.owners());
      // The first: a retry of the same key has its id, and sums that may hold another correction.
      booking.premises().corrections().forEach(corrections::putIfAbsent);
    }
    giveWayFor(rows.size());
    Premises premises = new Premises(corrections);
    Admission.Result result = new Admission.Result(List.of(), Set.of(), Set.of());
    if (!rows.isEmpty() || !owners.isEmpty()) {
      result = append(rows, owners, premises, booked);
      lastCommitMillis = ticker.epochMillis();
      error = "";
      for (LedgerRow row : rows) {
        if (!result.refused().contains(row.id()) && premises.isBooked(row, result.fresh())) {
          listeners.forEach(listener -> listener.accept(row));
        }
      }
    }
    behind = batch.isFull();
    batch.committed();
    bookings.done(booked, result);
    int progress = batch.free() + booked.size();
    return progress + keepContents() + catalogues.write(ticker.nanoTime());
  }

  /** Bookings of a transaction that certainly failed may be withdrawn. */
  private Admission.Result append(
      List<LedgerRow> rows, List<Long> owners, Premises premises, List<Booking> booked)
      throws SQLException, IOException {
    long commits = store.commits();
    try {
      return admission.append(rows, owners, premises);
    } catch (SQLException | IOException | RuntimeException e) {
      if (store.commits() == commits) {
        bookings.failed(booked, String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }

  /** After the rows, in a transaction of its own: content never holds money up. */
  private int keepContents() throws SQLException {
    List<Content> first = contents.first();
    if (!first.isEmpty()) {
      store.keep(first);
      contents.done(first);
      behind |= first.size() == ContentQueue.PORTION;
    }
    return first.size();
  }

  /** Not before there is work that others feel: a quarter of a second of a start, for nothing. */
  private void giveWayFor(int rows) {
    if (!nice && rows >= PORTION) {
      nice = true;
      Niceness.raise();
    }
  }

  /**
   * After each portion of rows: lets an event loop run that waits for this CPU. A batch is
   * milliseconds of work, and the kernel would let it have a whole time slice (3 ms) of them.
   */
  @SuppressWarnings("ThreadPriorityCheck") // a courtesy: nothing relies on it
  static void giveWay(long done) {
    if (done % PORTION == 0) {
      Thread.yield();
    }
  }

  private void expire() throws SQLException {
    if (ticker.nanoTime() - expireAt < 0) {
      return;
    }
    expireAt = ticker.nanoTime() + EXPIRE_EVERY_NANOS;
    if (options.retainContent() != null) {
      store.expireContent(ticker.epochMillis() - options.retainContent().toMillis());
    }
    if (options.retain() == null) {
      return;
    }
    long deleted = store.expire(ticker.epochMillis() - options.retain().toMillis());
    if (deleted > 0) {
      LOG.info("ledger: deleted rows older than {}: {}", options.retain(), deleted);
    }
  }
}
