package io.penstock.ledger;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The journal as one event loop writes it. Records are put together in memory of the loop's own;
 * only their copying into the journal is in turn with the other loops.
 */
final class JournalWriter implements LedgerWriter {
  /**
   * Bytes of a row beyond those of its intent: six texts of {@link RecordBuffer#MAX_TEXT}, numbers,
   * and what the intent is extended by.
   */
  private static final int MORE = 8 << 10;

  private final SegmentChain chain;
  private final JournalCounts counts;
  private final RecordBuffer record = new RecordBuffer();

  /** What is kept for the row of each intent that has none yet, by the row's id. */
  private final Map<UUID, Integer> kept = new HashMap<>();

  JournalWriter(SegmentChain chain, JournalCounts counts) {
    this.chain = chain;
    this.counts = counts;
  }

  @Override
  public boolean intent(Intent intent) {
    if (chain.isFull()) {
      return false;
    }
    encode(intent);
    int room = record.length() + MORE;
    boolean done = counted(chain.begin(record.bytes(), record.length(), room));
    if (done) {
      kept.put(intent.attempt().rowId(), room);
    }
    return done;
  }

  @Override
  public void extend(UUID row, long bound, List<Charge> holds) {
    encode(new Extend(row, bound, holds));
    counted(chain.append(record.bytes(), record.length()));
  }

  @Override
  public boolean row(LedgerRow row) {
    Integer room = kept.remove(row.id());
    boolean isFree = row.attempt().number() == 0 && row.money().cost() == 0;
    if (room == null && isFree && chain.isHalfFull()) {
      counts.unrecorded().increment();
      return false;
    }
    encode(row);
    byte[] bytes = record.bytes();
    int length = record.length();
    if (!counted(room == null ? chain.append(bytes, length) : chain.end(bytes, length, room))) {
      counts.lost().increment();
      return false;
    }
    return true;
  }

  @Override
  public boolean isDiskFull() {
    return chain.isDiskFull();
  }

  private void encode(Object entry) {
    record.clear();
    RowCodec.encode(record, entry);
  }

  /** What is larger than any segment ends up refused by all of them. */
  private boolean counted(boolean done) {
    if (done) {
      counts.appended().increment();
    }
    return done;
  }
}
