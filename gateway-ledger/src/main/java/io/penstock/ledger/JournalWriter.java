package io.penstock.ledger;

import java.util.List;
import java.util.UUID;

/**
 * The journal as one event loop writes it. Records are put together in memory of the loop's own;
 * only their copying into the journal is in turn with the other loops.
 */
final class JournalWriter implements LedgerWriter {
  private final SegmentChain chain;
  private final JournalCounts counts;
  private final RecordBuffer record = new RecordBuffer();

  JournalWriter(SegmentChain chain, JournalCounts counts) {
    this.chain = chain;
    this.counts = counts;
  }

  @Override
  public boolean intent(Intent intent) {
    return !chain.isFull() && append(intent);
  }

  @Override
  public void extend(UUID row, long bound, List<Charge> holds) {
    append(new Extend(row, bound, holds));
  }

  @Override
  public boolean row(LedgerRow row) {
    if (chain.isFull() && row.attempt().number() == 0 && row.money().cost() == 0) {
      counts.unrecorded().increment();
      return false;
    }
    if (!append(row)) {
      counts.lost().increment();
      return false;
    }
    return true;
  }

  private boolean append(Object entry) {
    record.clear();
    RowCodec.encode(record, entry);
    // What is larger than any segment ends up refused by all of them.
    boolean done = chain.append(record.bytes(), record.length());
    if (done) {
      counts.appended().increment();
    }
    return done;
  }
}
