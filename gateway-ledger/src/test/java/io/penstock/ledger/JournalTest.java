package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.testkit.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
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
    RecordBuffer written = new RecordBuffer();
    List<Object> entries =
        List.of(row, Rows.intent(row, 99), new Extend(row.id(), -5, row.charges()));
    for (Object entry : entries) {
      RowCodec.encode(written, entry);
    }
    JournalReader reader = JournalReader.ofAll();
    ByteBuffer buffer = ByteBuffer.wrap(written.bytes(), 0, written.length());
    for (Object entry : entries) {
      assertThat(reader.read(buffer)).isEqualTo(entry);
    }
  }

  @Test
  void wire_numbers_roundTrip() {
    RecordBuffer written = new RecordBuffer();
    long[] numbers = {0, 1, -1, 127, 128, Long.MAX_VALUE, Long.MIN_VALUE};
    for (long number : numbers) {
      written.putLong(number);
    }
    ByteBuffer buffer = ByteBuffer.wrap(written.bytes(), 0, written.length());
    for (long number : numbers) {
      assertThat(Wire.getLong(buffer)).isEqualTo(number);
    }
  }

  @Test
  void buffer_anyText_utf8AfterItsLengthAndGrows() {
    RecordBuffer written = new RecordBuffer();
    List<String> texts =
        List.of("", "team", "a\u00e9", "\ud83d\ude00", "x".repeat(200), "\u4e2d".repeat(341));
    for (int i = 0; i < 30; i++) {
      texts.forEach(written::putText);
    }
    ByteBuffer buffer = ByteBuffer.wrap(written.bytes(), 0, written.length());
    for (int i = 0; i < 30; i++) {
      for (String text : texts) {
        byte[] bytes = new byte[(int) Wire.getUnsigned(buffer)];
        buffer.get(bytes);
        assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(text);
      }
    }
    assertThat(buffer.hasRemaining()).isFalse();
  }

  @Test
  void buffer_longText_isCut() {
    RecordBuffer written = new RecordBuffer();
    written.putText("x".repeat(RecordBuffer.MAX_TEXT + 1));
    assertThat(Wire.getUnsigned(ByteBuffer.wrap(written.bytes()))).isEqualTo(RecordBuffer.MAX_TEXT);
  }

  @Test
  void buffer_longTextOfManyBytesEach_isCutByWholeCharacters() {
    RecordBuffer written = new RecordBuffer();
    written.putText("x" + "\u6d41".repeat(RecordBuffer.MAX_TEXT));
    ByteBuffer read = ByteBuffer.wrap(written.bytes());
    byte[] kept = new byte[(int) Wire.getUnsigned(read)];
    read.get(kept);
    assertThat(new String(kept, StandardCharsets.UTF_8)).isEqualTo("x" + "\u6d41".repeat(341));
  }

  @Test
  void texts_anyUtf8_asWritten() {
    Texts texts = new Texts();
    for (String text :
        List.of(
            "", "team", "meat", "é😀", "Ã©", "x".repeat(RecordBuffer.MAX_TEXT), "team", "é😀")) {
      byte[] bytes = (" " + text).getBytes(StandardCharsets.UTF_8);
      assertThat(texts.of(bytes, 1, bytes.length - 1)).isEqualTo(text);
    }
  }

  @Test
  void texts_sameTextTwice_sameObject() {
    Texts texts = new Texts();
    byte[] bytes = "team".getBytes(StandardCharsets.UTF_8);
    assertThat(texts.of(bytes, 0, 4)).isSameAs(texts.of(bytes.clone(), 0, 4));
  }

  @Test
  void counters_readAgain_sameObjectAndTheRestIsPassed() {
    Counter counter = new Counter(new UUID(1, 2), "org", -1, "é😀", 5, Long.MAX_VALUE);
    // One slot for both: what is known by its place only would be taken for the other.
    Counter other = new Counter(new UUID(3, 2), "team", 0, "", 7, 8);
    RecordBuffer written = new RecordBuffer();
    List<Charge> charges =
        Stream.of(counter, counter, other, counter).map(one -> new Charge(one, 3, 4)).toList();
    RowCodec.encode(written, new Extend(new UUID(5, 6), 9, charges));
    JournalReader reader = JournalReader.ofRows();
    Extend read = (Extend) reader.read(ByteBuffer.wrap(written.bytes()));
    assertThat(read.holds()).isEqualTo(charges);
    assertThat(read.holds().get(1).counter()).isSameAs(read.holds().get(0).counter());
  }

  @Test
  void writers_atOnce_everyRecordOnceAndInEachOnesOrder() throws Exception {
    int each = 500;
    try (Journal journal =
            Journal.open(directory, new LedgerOptions.JournalSizes(1 << 20, 1 << 28));
        var threads = Executors.newFixedThreadPool(3)) {
      List<Future<List<LedgerRow>>> written = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random random = new Random(i);
        JournalWriter writer = journal.writer();
        written.add(
            threads.submit(() -> {
              List<LedgerRow> rows = new ArrayList<>();
              for (int n = 0; n < each; n++) {
                LedgerRow row = Rows.row(random, Rows.NOV_1);
                assertThat(writer.row(row)).isTrue();
                rows.add(row);
              }
              return rows;
            }));
      }
      List<List<LedgerRow>> expected = new ArrayList<>();
      for (Future<List<LedgerRow>> rows : written) {
        expected.add(rows.get());
      }
      List<Object> read = drain(journal.chain());
      assertThat(read).hasSize(3 * each);
      for (List<LedgerRow> rows : expected) {
        assertThat(read).containsSubsequence(rows);
      }
    }
  }

  @Test
  void thread_asleep_wakesToForceTheNextRecord() throws IOException {
    Random random = new Random(4);
    try (Journal journal = Journal.open(directory, SMALL)) {
      JournalWriter writer = journal.writer();
      for (int i = 0; i < 10; i++) {
        assertThat(writer.row(Rows.row(random, Rows.NOV_1))).isTrue();
        Await.until("all is forced", journal.chain()::isAtRest);
      }
    }
  }

  @Test
  void writer_floodOfRefusals_leavesHalfToCalls() throws IOException {
    try (Journal journal = Journal.open(directory, SMALL)) {
      JournalWriter writer = journal.writer();
      SegmentChain chain = journal.chain();
      Random random = new Random(6);
      int kept = 0;
      while (writer.row(refusal(random))) {
        kept++;
        chain.replenish();
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(writer.row(refusal(random))).isFalse();
      }
      assertThat(journal.counts().unrecorded().sum()).isEqualTo(1001);

      List<LedgerRow> calls = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        LedgerRow call = Rows.row(random, Rows.NOV_1);
        assertThat(writer.intent(Rows.intent(call, 1))).isTrue();
        assertThat(writer.row(call)).isTrue();
        calls.add(call);
        chain.replenish();
      }
      assertThat(journal.counts().lost().sum()).isZero();
      List<Object> read = drain(chain);
      assertThat(read).hasSize(kept + 200).containsSubsequence(calls);

      chain.free();
      Await.until("refusals are kept again, unasked", () -> !chain.isHalfFull());
      assertThat(writer.row(refusal(random))).isTrue();
    }
  }

  @Test
  void writer_longStreamsKeepHalfTheJournal_refusalsAreKept() throws IOException {
    var eight =
        new LedgerOptions.JournalSizes(
            LedgerOptions.JournalSizes.MIN_SEGMENT, 8L * LedgerOptions.JournalSizes.MIN_SEGMENT);
    try (Journal journal = Journal.open(directory, eight)) {
      JournalWriter writer = journal.writer();
      SegmentChain chain = journal.chain();
      Random random = new Random(7);
      while (!chain.isHalfFull()) {
        assertThat(writer.row(Rows.row(random, Rows.NOV_1))).isTrue();
        chain.replenish();
      }
      drain(chain);
      // Each has a stream that began in it and goes on.
      chain.segments().forEach(segment -> segment.openIntents = 1);
      chain.free();
      Await.until("the database has all", () -> !chain.isHalfFull());
      assertThat(chain.segments()).as("kept for their rows").hasSizeGreaterThan(3);
      assertThat(chain.waiting()).isLessThan(2);
      int kept = 0;
      while (writer.row(refusal(random))) {
        kept++;
        chain.replenish();
      }
      assertThat(kept).isPositive();
      assertThat(chain.isFull()).as("and calls have the other half of what is left").isFalse();
      LedgerRow call = Rows.row(random, Rows.NOV_1);
      assertThat(writer.intent(Rows.intent(call, 1))).isTrue();
    }
  }

  private static LedgerRow refusal(Random random) {
    return Rows.refusal(Rows.row(random, Rows.NOV_1));
  }

  @Test
  void writer_databaseAway_refusesIntentsKeepsRowsLosesNothing() throws IOException {
    try (Journal journal = Journal.open(directory, SMALL)) {
      JournalWriter writer = journal.writer();
      SegmentChain chain = journal.chain();
      Random random = new Random(2);
      List<LedgerRow> open = new ArrayList<>();
      LedgerRow next = Rows.row(random, Rows.NOV_1);
      while (writer.intent(Rows.intent(next, 1))) {
        open.add(next);
        next = Rows.row(random, Rows.NOV_1);
        chain.replenish();
      }
      assertThat(chain.isFull()).isTrue();
      for (LedgerRow row : open) {
        assertThat(writer.row(row)).isTrue();
      }
      assertThat(journal.counts().lost().sum()).isZero();
      List<Object> read = drain(chain);
      assertThat(read.stream().filter(LedgerRow.class::isInstance)).containsExactlyElementsOf(open);
      assertThat(read).hasSize(2 * open.size());

      chain.free();
      chain.replenish();
      assertThat(writer.intent(Rows.intent(next, 1))).isTrue();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void segment_fullDisk_namesFileSizeAndWhatIsFree() {
    Path file = directory.resolve("a.journal");
    Path full = Path.of("/dev/full");
    assertThatThrownBy(() ->
            Segment.create(
                file,
                1 << 16,
                path -> FileChannel.open(full, StandardOpenOption.READ, StandardOpenOption.WRITE)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + ": cannot make a file of 65536 bytes (free: ")
        .hasMessageMatching(".*free: [0-9]+.*No space left on device");
    assertThat(file).doesNotExist();
  }

  @Test
  void dead_onlyUnlockedDirectories() throws IOException {
    try (Journal live = Journal.open(directory, SMALL)) {
      assertThat(live.chain().segments()).hasSize(1);
      assertThat(Journal.dead(directory)).isEmpty();
    }
  }

  private static List<Object> drain(SegmentChain chain) {
    List<Object> read = new ArrayList<>();
    JournalReader reader = JournalReader.ofAll();
    for (Segment segment : chain.segments()) {
      for (Object entry = segment.read(reader); entry != null; entry = segment.read(reader)) {
        read.add(entry);
      }
    }
    return read;
  }
}
