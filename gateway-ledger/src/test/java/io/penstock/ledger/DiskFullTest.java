package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.testkit.Await;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskFullTest {
  private static final int SEGMENT = 2 << 20;
  private static final LedgerOptions.JournalSizes SIZES =
      new LedgerOptions.JournalSizes(SEGMENT, 8L * SEGMENT);

  @TempDir Path directory;

  private final Disk disk = new Disk();
  private final Random random = new Random(1);

  /** Takes no more files once it is full. */
  private static final class Disk implements Segment.Making {
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile boolean full;
    private volatile long free = Long.MAX_VALUE;

    @Override
    public FileChannel open(Path file) throws IOException {
      if (full) {
        refused.incrementAndGet();
        throw new IOException("No space left on device");
      }
      return ON_DISK.open(file);
    }

    @Override
    public long free(Path path) {
      asked.incrementAndGet();
      return free;
    }
  }

  private LedgerRow row() {
    return Rows.row(random, Rows.NOV_1);
  }

  private LedgerRow refusal() {
    return Rows.refusal(row());
  }

  /** Uses the spare up, in place of which none can be made. */
  private void fill(Journal journal, JournalWriter writer) {
    disk.full = true;
    while (count(journal.chain().segments()) == 1) {
      assertThat(writer.row(row())).isTrue();
    }
    Await.until("no spare", journal.chain()::isDiskFull);
  }

  @Test
  void diskFull_refusalsTakeAllTheyGet_rowsOfOpenIntentsFindRoom() throws IOException {
    try (Journal journal = Journal.open(directory, SIZES, disk)) {
      JournalWriter writer = journal.writer();
      JournalWriter other = journal.writer();
      List<LedgerRow> open = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        open.add(row());
        assertThat(writer.intent(Rows.intent(open.get(i), 1))).isTrue();
      }
      fill(journal, writer);
      for (LedgerRow next = row(); other.intent(Rows.intent(next, 1)); next = row()) {
        open.add(next);
        other.row(refusal());
      }
      assertThat(journal.chain().isFull()).isTrue();
      assertThat(journal.chain().isDiskFull()).isTrue();
      assertThat(open).hasSizeGreaterThan(100);

      int refusals = 2 * SEGMENT / 100;
      for (int i = 0; i < refusals; i++) {
        writer.row(refusal());
      }
      assertThat(journal.counts().unrecorded().sum()).isGreaterThanOrEqualTo(refusals);
      for (int i = 0; i < open.size(); i++) {
        assertThat((i < 50 ? writer : other).row(open.get(i))).isTrue();
      }
      assertThat(journal.counts().lost().sum()).isZero();
    }
  }

  @Test
  void diskFull_whatIsThereIsForced_andTheDiskIsNotAskedAllTheTime() throws IOException {
    try (Journal journal = Journal.open(directory, SIZES, disk)) {
      JournalWriter writer = journal.writer();
      fill(journal, writer);
      for (int i = 0; i < 20; i++) {
        assertThat(writer.row(row())).isTrue();
        Await.until("forced", () -> isForced(journal.chain()));
      }
      // Each record and each 10 ms were a try, of 16 MiB of zeros.
      assertThat(disk.refused.get()).isLessThan(20);
    }
  }

  private static int count(Iterable<Segment> segments) {
    int count = 0;
    for (Segment segment : segments) {
      count += segment.room() >= 0 ? 1 : 0;
    }
    return count;
  }

  private static boolean isForced(SegmentChain chain) {
    for (Segment segment : chain.segments()) {
      if (!segment.isForced()) {
        return false;
      }
    }
    return true;
  }

  @Test
  void diskHasRoomAgain_theDatabaseGetsItFirst_thenSmallFilesThenAsEver() throws IOException {
    try (Journal journal = Journal.open(directory, SIZES, disk)) {
      JournalWriter writer = journal.writer();
      fill(journal, writer);
      SegmentChain chain = journal.chain();
      disk.free = SEGMENT - 1;
      disk.full = false;
      int asked = disk.asked.get();
      Await.until("looked twice", () -> disk.asked.get() > asked + 1);
      assertThat(chain.isDiskFull()).isTrue();
      assertThat(chain.spareRoom()).isZero();
      disk.free = 2L * SEGMENT - 1;
      Await.until("a small one", () -> chain.spareRoom() > 0);
      assertThat(chain.spareRoom()).isLessThan(SEGMENT / 2 + 1);
      assertThat(chain.isDiskFull()).isTrue();
      disk.free = 2L * SEGMENT;
      Await.until("as ever", chain::isAtRest);
      assertThat(chain.isDiskFull()).isFalse();
      assertThat(writer.intent(Rows.intent(row(), 1))).isTrue();
    }
  }

  @Test
  void segment_lessRoomThanItNeeds_writesNothing() {
    disk.free = SEGMENT - 1;
    disk.full = true;
    assertThatThrownBy(() -> Segment.create(directory.resolve("a.journal"), SEGMENT, disk))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot make a file of 2097152 bytes (free: 2097151)");
    assertThat(disk.refused).hasValue(0);
  }
}
