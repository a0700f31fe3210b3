package io.penstock.ledger;

import io.penstock.core.Ticker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows that are read from the front of the journal and not yet in the database: one transaction
 * of them. Knows of which intents the rows are still to come, so that their segments stay. Of the
 * ledger's thread, but for the figures, which any thread may ask for.
 */
final class JournalBatch {
  private static final Logger LOG = LoggerFactory.getLogger(JournalBatch.class);

  /**
   * Rows of one transaction: they outlive a young collection or two, and more of them than half a
   * survivor space holds would fill the old generation (docs/memory.md).
   */
  private static final int SIZE = 1000;

  private final Journal journal;
  private final JournalReader reader = JournalReader.ofRows();
  private final Map<UUID, Segment> open = new HashMap<>();
  private final List<LedgerRow> rows = new ArrayList<>(SIZE);
  private final Waiting waiting;
  private long read;

  private volatile long consumed;
  private volatile int openCount;

  JournalBatch(Journal journal, Ticker ticker) {
    this.journal = journal;
    this.waiting = new Waiting(ticker);
  }

  /** Returns the rows, until {@link #committed}. */
  List<LedgerRow> rows() {
    return Collections.unmodifiableList(rows);
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  /** Returns whether the journal probably holds more. */
  boolean isFull() {
    return rows.size() == SIZE;
  }

  /** Reads on, unless the database has not taken yet what was read before. */
  void fill() {
    if (!rows.isEmpty()) {
      return;
    }
    waiting.looks();
    for (Segment segment : journal.chain().segments()) {
      while (rows.size() < SIZE) {
        Object entry = segment.read(reader);
        if (entry == null) {
          break;
        }
        read++;
        LedgerThread.giveWay(read);
        accept(entry, segment);
      }
      if (!segment.isExhausted()) {
        break;
      }
    }
  }

  private void accept(Object entry, Segment segment) {
    switch (entry) {
      case JournalReader.Begun begun -> {
        if (open.put(begun.row(), segment) == null) {
          segment.openIntents++;
        }
      }
      case LedgerRow row -> {
        Segment began = open.remove(row.id());
        if (began != null) {
          began.openIntents--;
        }
        rows.add(row);
      }
      case Extend extend -> LOG.trace("extended {}", extend.row());
      default -> throw new IllegalStateException("a torn record in the journal of this process");
    }
  }

  /** The database has the rows: they are not read again. */
  void committed() {
    waiting.committed(rows, isFull());
    rows.clear();
  }

  /**
   * Frees segments whose every record is committed and whose every intent has its row.
   *
   * @return how many records were taken from the journal since the last time
   */
  int free() throws IOException {
    journal.chain().free();
    int taken = (int) (read - consumed);
    openCount = open.size();
    consumed = read;
    return taken;
  }

  /** Returns how many records were ever taken from the journal. Any thread. */
  long consumed() {
    return consumed;
  }

  /** Returns how many intents have no row yet. Any thread. */
  int openIntents() {
    return openCount;
  }

  /** Returns how long the oldest record has waited, if one waits. Any thread. */
  long oldestNanos() {
    return waiting.nanos();
  }
}
