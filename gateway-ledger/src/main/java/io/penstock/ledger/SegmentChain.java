package io.penstock.ledger;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The segments of a journal, in order. All event loops append to the last one: whatever their
 * number, one forced write makes all of it durable. The journal thread keeps a spare ready; the
 * ledger thread reads and frees from the front.
 */
final class SegmentChain {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentChain.class);

  /** Made in place, and on a disk that was full. */
  private static final int SMALL = LedgerOptions.JournalSizes.MIN_SEGMENT * 4;

  /**
   * Beside what is kept for rows of intents: for rows without one, and what a file's end wastes.
   */
  private static final int RESERVE = LedgerOptions.JournalSizes.MIN_SEGMENT;

  private static final long RETRY_NANOS = 1_000_000_000;

  private final Journal journal;
  private final RareLog losses = new RareLog(LOG);
  private final AtomicReference<@Nullable Segment> spare = new AtomicReference<>();

  /** In order; the reader removes, the loops add. */
  private final ConcurrentLinkedQueue<Segment> segments = new ConcurrentLinkedQueue<>();

  private volatile boolean full;
  private volatile boolean halfFull;

  /** Segments that are there for the rows of their intents alone: the database has the rest. */
  private volatile int pinned;

  /** Whether the disk had no room for a spare: there may be no more than there is. */
  private volatile boolean starved;

  private volatile long retryAt = System.nanoTime();
  private Segment current;

  /** Bytes for the rows of all intents without one. */
  private long kept;

  SegmentChain(Journal journal) throws IOException {
    this.journal = journal;
    this.current = journal.newSegment(journal.sizes().segment());
    segments.add(current);
    replenish();
  }

  /**
   * Appends a record; false when it does not fit anywhere. What waits here waits for the copying of
   * a few hundred bytes.
   */
  boolean append(byte[] body, int length) {
    boolean appended = put(body, length);
    journal.written();
    return appended;
  }

  /**
   * Appends an intent and keeps so many bytes for the row that follows it; false when they are not
   * there.
   */
  boolean begin(byte[] body, int length, int room) {
    boolean appended;
    synchronized (this) {
      appended = hasRoom() && put(body, length);
      kept += appended ? room : 0;
    }
    journal.written();
    return appended;
  }

  /** Appends the row of an intent for which so many bytes were kept. */
  boolean end(byte[] body, int length, int room) {
    boolean appended;
    synchronized (this) {
      kept -= room;
      appended = put(body, length);
    }
    journal.written();
    return appended;
  }

  private synchronized boolean hasRoom() {
    if (!starved) {
      return true;
    }
    return current.room() + spareRoom() - kept >= RESERVE;
  }

  /** Returns the bytes of the spare, 0 when there is none. */
  int spareRoom() {
    Segment next = spare.get();
    return next == null ? 0 : next.room();
  }

  private synchronized boolean put(byte[] body, int length) {
    return current.append(body, length) || (roll() && current.append(body, length));
  }

  private boolean roll() {
    Segment next = spare.getAndSet(null);
    if (next == null) {
      journal.counts().stalls().increment();
      try {
        next = journal.newSegment(SMALL);
      } catch (IOException | UncheckedIOException e) {
        starved = true;
        losses.error("the journal cannot grow and a record is lost: " + e);
        return false;
      }
    }
    current.seal();
    current = next;
    segments.add(next);
    return true;
  }

  /**
   * Makes the spare and decides whether the journal is full, or half of it. After a failure it is
   * not tried again for a second. Journal thread.
   */
  void replenish() throws IOException {
    int live = segments.size();
    long limit = journal.sizes().limit() / journal.sizes().segment();
    full = live >= limit;
    int held = pinned;
    halfFull = live - held > (limit - held) / 2;
    boolean wanted = live < limit && spare.get() == null;
    if (!wanted && !starved || System.nanoTime() - retryAt < 0) {
      return;
    }
    int usual = journal.sizes().segment();
    try {
      int bytes = starved ? affordable(live > 1) : usual;
      if (wanted && bytes > 0) {
        spare.set(journal.newSegment(bytes));
      }
      boolean still = bytes < usual;
      if (starved && !still) {
        LOG.info("the journal has room to grow again");
      }
      starved = still;
    } catch (IOException | UncheckedIOException e) {
      starved = true;
      throw e;
    } finally {
      if (starved && spare.get() == null || !wanted) {
        retryAt = System.nanoTime() + RETRY_NANOS;
      }
    }
  }

  /**
   * Returns how large a spare may be on a disk that was full, or 0: the database needs room first,
   * because what it takes frees segments.
   */
  private int affordable(boolean behind) throws IOException {
    int usual = journal.sizes().segment();
    long free = journal.free();
    if (free >= 2L * usual) {
      return usual;
    }
    int small = Math.min(SMALL, usual);
    return free >= (behind ? Math.max(2L * small, usual / 2) : 2L * small) ? small : 0;
  }

  /** Whether all is forced, there is a spare, and nobody waits for room. Journal thread. */
  boolean isAtRest() {
    // Half full, too: what is dropped then wakes nobody to see that it is no more.
    if (full || halfFull || starved || spare.get() == null) {
      return false;
    }
    for (Segment segment : segments) {
      if (!segment.isForced()) {
        return false;
      }
    }
    return true;
  }

  /** Forces what was appended. Journal thread. */
  void force() {
    for (Segment segment : segments) {
      segment.force();
    }
  }

  Iterable<Segment> segments() {
    return segments;
  }

  /** Returns the segments that may hold records which are not in the database. Any thread. */
  int waiting() {
    return segments.size() - pinned;
  }

  /** Whether intents are refused now. */
  boolean isFull() {
    // The lock is not taken for each record while nothing is wrong.
    return full || starved && !hasRoom();
  }

  /**
   * Whether rows of cost 0 are counted and not kept now: they and what else waits for the database
   * leave half of the journal to calls, of what no open intent holds.
   */
  boolean isHalfFull() {
    return halfFull || isFull();
  }

  /** Whether the disk had no room when it last was asked for some. Any thread. */
  boolean isDiskFull() {
    return starved;
  }

  /** Deletes segments of which every record is in the database. Ledger thread. */
  void free() throws IOException {
    int kept = 0;
    for (Iterator<Segment> each = segments.iterator(); each.hasNext(); ) {
      Segment segment = each.next();
      boolean exhausted = segment.isExhausted();
      if (exhausted && segment.openIntents == 0) {
        each.remove();
        segment.delete();
      } else if (exhausted) {
        kept++;
      }
    }
    pinned = kept;
  }

  /** Unmaps everything; the loops have ended. */
  void close() throws IOException {
    Segment unused = spare.getAndSet(null);
    if (unused != null) {
      unused.delete();
    }
    for (Segment segment : segments) {
      segment.force();
      segment.release();
    }
  }
}
