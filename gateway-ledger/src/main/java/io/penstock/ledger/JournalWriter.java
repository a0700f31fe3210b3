package io.penstock.ledger;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/**
 * The journal as one event loop writes it. Records are put together in memory of the loop's own;
 * only their copying into the journal is in turn with the other loops.
 */
final class JournalWriter implements LedgerWriter {
  /** Fits most records. */
  private static final int SCRATCH = 16 << 10;

  private final SegmentChain chain;
  private final JournalCounts counts;
  private ByteBuffer scratch = ByteBuffer.allocate(SCRATCH);

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
    int length = encode(entry);
    boolean done = chain.append(scratch.array(), length);
    if (done) {
      counts.appended().increment();
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
        RowCodec.encode(scratch.clear(), entry);
        return scratch.position();
      } catch (BufferOverflowException e) {
        scratch = ByteBuffer.allocate(scratch.capacity() * 2);
      }
    }
  }
}
