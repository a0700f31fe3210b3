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

  private final Journal journal;
  private final AtomicReference<@Nullable Segment> spare = new AtomicReference<>();

  /** In order; the reader removes, the loops add. */
  private final ConcurrentLinkedQueue<Segment> segments = new ConcurrentLinkedQueue<>();

  private volatile boolean full;
  private Segment current;

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

  private synchronized boolean put(byte[] body, int length) {
    return current.append(body, length) || (roll() && current.append(body, length));
  }

  private boolean roll() {
    Segment next = spare.getAndSet(null);
    if (next == null) {
      journal.counts().stalls().increment();
      try {
        next = journal.newSegment(LedgerOptions.JournalSizes.MIN_SEGMENT * 4);
      } catch (IOException | UncheckedIOException e) {
        LOG.error("the journal cannot grow and a record is lost: {}", e.toString());
        return false;
      }
    }
    current.seal();
    current = next;
    segments.add(next);
    return true;
  }

  /** Makes the spare and decides whether the journal is full. Journal thread. */
  void replenish() throws IOException {
    int live = segments.size();
    long limit = journal.sizes().limit() / journal.sizes().segment();
    full = live >= limit;
    if (live < limit && spare.get() == null) {
      spare.set(journal.newSegment(journal.sizes().segment()));
    }
  }

  /** Whether all is forced, there is a spare, and nobody waits for room. Journal thread. */
  boolean isAtRest() {
    if (full || spare.get() == null) {
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

  boolean isFull() {
    return full;
  }

  /** Deletes segments of which every record is in the database. Ledger thread. */
  void free() throws IOException {
    for (Iterator<Segment> each = segments.iterator(); each.hasNext(); ) {
      Segment segment = each.next();
      if (segment.isExhausted() && segment.openIntents == 0) {
        each.remove();
        segment.delete();
      }
    }
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
