package io.penstock.ledger;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of one event loop: a chain of segments. The loop appends to the last one; the journal
 * thread keeps a spare ready; the ledger thread reads and frees from the front.
 */
final class JournalWriter implements LedgerWriter {
  private static final Logger LOG = LoggerFactory.getLogger(JournalWriter.class);

  /** Fits all records without content. */
  private static final int SCRATCH = 16 << 10;

  private final Journal journal;
  private final int index;
  private final int maxBody;
  private final AtomicReference<@Nullable Segment> spare = new AtomicReference<>();

  /** In order; the reader removes, the loop adds. */
  private final ConcurrentLinkedQueue<Segment> segments = new ConcurrentLinkedQueue<>();

  private ByteBuffer scratch = ByteBuffer.allocate(SCRATCH);
  private volatile boolean full;
  private Segment current;

  JournalWriter(Journal journal, int index, Segment first) {
    this.journal = journal;
    this.index = index;
    this.maxBody = journal.sizes().segment() / 8;
    this.current = first;
    segments.add(first);
  }

  @Override
  public boolean intent(Intent intent) {
    return !full && append(intent);
  }

  @Override
  public void extend(UUID row, long bound, List<Charge> holds) {
    append(new Extend(row, bound, holds));
  }

  @Override
  public boolean row(LedgerRow row) {
    if (full && row.attempt().number() == 0 && row.money().cost() == 0) {
      journal.counts().unrecorded().increment();
      return false;
    }
    if (!append(row)) {
      journal.counts().lost().increment();
      return false;
    }
    return true;
  }

  private boolean append(Object entry) {
    int length = encode(entry);
    byte[] body = scratch.array();
    boolean done = current.append(body, length) || (roll() && current.append(body, length));
    if (done) {
      journal.counts().appended().increment();
    }
    return done;
  }

  /**
   * Writes the record on the heap first: byte by byte into mapped memory costs a liveness check
   * each. Returns its length; what is larger than any segment ends up refused by all of them.
   */
  private int encode(Object entry) {
    while (true) {
      try {
        RowCodec.encode(scratch.clear(), entry, maxBody);
        return scratch.position();
      } catch (BufferOverflowException e) {
        scratch = ByteBuffer.allocate(scratch.capacity() * 2);
      }
    }
  }

  private boolean roll() {
    Segment next = spare.getAndSet(null);
    if (next == null) {
      journal.counts().stalls().increment();
      try {
        next = journal.newSegment(index, LedgerOptions.JournalSizes.MIN_SEGMENT * 4);
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

  /** Makes the spare and decides whether this writer is full. Journal thread. */
  void replenish() throws IOException {
    int live = segments.size();
    long limit = journal.sizes().perWriter() / journal.sizes().segment();
    full = live >= limit;
    if (live < limit && spare.get() == null) {
      spare.set(journal.newSegment(index, journal.sizes().segment()));
    }
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

  /** Unmaps everything; the loop has ended. */
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
