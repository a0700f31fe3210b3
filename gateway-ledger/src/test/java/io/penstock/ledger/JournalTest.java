package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalTest {
  private static final LedgerOptions.JournalSizes SMALL =
      new LedgerOptions.JournalSizes(
          LedgerOptions.JournalSizes.MIN_SEGMENT, 4L * LedgerOptions.JournalSizes.MIN_SEGMENT);

  @TempDir Path directory;

  @Test
  void codec_rowIntentExtend_roundTrip() {
    Random random = new Random(1);
    LedgerRow row = Rows.row(random, Rows.NOV_1);
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    List<Object> entries =
        List.of(row, Rows.intent(row, 99), new Extend(row.id(), -5, row.charges()));
    for (Object entry : entries) {
      RowCodec.encode(buffer, entry, 10);
    }
    buffer.flip();
    for (Object entry : entries) {
      assertThat(RowCodec.decode(buffer)).isEqualTo(entry);
    }
  }

  @Test
  void codec_content_isCutToItsLimit() {
    LedgerRow plain = Rows.row(new Random(1), Rows.NOV_1);
    LedgerRow row =
        new LedgerRow(
            plain.attempt(),
            plain.times(),
            plain.caller(),
            plain.destination(),
            plain.outcome(),
            plain.usage(),
            plain.usageSource(),
            plain.money(),
            plain.charges(),
            new Content(new byte[100], new byte[] {1, 2}));
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    RowCodec.encode(buffer, row, 10);
    LedgerRow read = (LedgerRow) RowCodec.decode(buffer.flip());
    assertThat(read.content()).isNotNull();
    assertThat(read.content().request()).hasSize(10);
    assertThat(read.content().response()).containsExactly(1, 2);
  }

  @Test
  void wire_numbersAndText_roundTrip() {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    long[] numbers = {0, 1, -1, 127, 128, Long.MAX_VALUE, Long.MIN_VALUE};
    for (long number : numbers) {
      Wire.putLong(buffer, number);
    }
    Wire.putText(buffer, "é😀");
    Wire.putText(buffer, "x".repeat(5000));
    buffer.flip();
    for (long number : numbers) {
      assertThat(Wire.getLong(buffer)).isEqualTo(number);
    }
    assertThat(Wire.getText(buffer)).isEqualTo("é😀");
    assertThat(Wire.getText(buffer)).hasSize(Wire.MAX_TEXT);
  }

  @Test
  void writer_databaseAway_refusesIntentsKeepsRowsLosesNothing() throws IOException {
    try (Journal journal = Journal.open(directory, SMALL)) {
      JournalWriter writer = journal.writer();
      Random random = new Random(2);
      List<LedgerRow> open = new ArrayList<>();
      LedgerRow next = Rows.row(random, Rows.NOV_1);
      while (writer.intent(Rows.intent(next, 1))) {
        open.add(next);
        next = Rows.row(random, Rows.NOV_1);
        writer.replenish();
      }
      assertThat(writer.isFull()).isTrue();
      for (LedgerRow row : open) {
        assertThat(writer.row(row)).isTrue();
      }
      assertThat(journal.counts().lost().sum()).isZero();
      List<Object> read = drain(writer);
      assertThat(read.stream().filter(LedgerRow.class::isInstance)).containsExactlyElementsOf(open);
      assertThat(read).hasSize(2 * open.size());

      writer.free();
      writer.replenish();
      assertThat(writer.intent(Rows.intent(next, 1))).isTrue();
    }
  }

  @Test
  void segment_tornRecord_isReportedAndTheNextIsRead() throws IOException {
    Path file = directory.resolve("a.journal");
    Segment segment = Segment.create(file, 1 << 16);
    Random random = new Random(3);
    LedgerRow first = Rows.row(random, Rows.NOV_1);
    LedgerRow second = Rows.row(random, Rows.NOV_1);
    Rows.append(segment, first);
    Rows.append(segment, second);
    segment.force();
    segment.release();
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(8 + 8 + 40);
      int old = raw.read();
      raw.seek(8 + 8 + 40);
      raw.write(old ^ 1);
    }
    Segment dead = Segment.open(file);
    assertThat(dead.read()).isEqualTo(Segment.Torn.RECORD);
    assertThat(dead.read()).isEqualTo(second);
    assertThat(dead.read()).isNull();
    dead.release();
  }

  @Test
  void dead_onlyUnlockedDirectories() throws IOException {
    try (Journal live = Journal.open(directory, SMALL)) {
      assertThat(live.writers()).isEmpty();
      assertThat(Journal.dead(directory)).isEmpty();
    }
  }

  private static List<Object> drain(JournalWriter writer) {
    List<Object> read = new ArrayList<>();
    for (Segment segment : writer.segments()) {
      for (Object entry = segment.read(); entry != null; entry = segment.read()) {
        read.add(entry);
      }
    }
    return read;
  }
}
