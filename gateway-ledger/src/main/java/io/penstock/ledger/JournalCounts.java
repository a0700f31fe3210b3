package io.penstock.ledger;

import java.util.concurrent.atomic.LongAdder;

/** Tallies of all writers of a process. */
record JournalCounts(LongAdder appended, LongAdder lost, LongAdder unrecorded, LongAdder stalls) {
  JournalCounts() {
    this(new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder());
  }
}
