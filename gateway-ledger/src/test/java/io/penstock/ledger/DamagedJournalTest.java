package io.penstock.ledger;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a kill, a power loss or a bad disk leaves of a journal, and what the next start does. */
final class DamagedJournalTest {
  private static final int RECORDS = 40;
  private static final int SIZE = 1 << 18;
  private static final int HEADER = 8;
  private static final int PREFIX = 8;
  private static final long OWNER = 7;
  private static final long ALLOWANCE = 1_000_000_000;

  @TempDir Path directory;
  private final Random random = new Random(7);
  private final List<LedgerRow> rows = new ArrayList<>();

  /** Where each record begins, and where the last one ends. */
  private final List<Integer> starts = new ArrayList<>();

  private LedgerOptions options;
  private Path dead;
  private Path file;

  /** Leaves the journal of a dead process: rows of an owner who was charged his allowance since. */
  @BeforeEach
  void journal() throws IOException {
    options = LedgerOptions.of("sqlite:" + directory.resolve("l.db"), directory.resolve("journal"));
    dead = Files.createDirectories(options.journal().resolve("dead-process"));
    Files.createFile(dead.resolve("lock"));
    file = dead.resolve("000000000.journal");
    Segment segment = Segment.create(file, SIZE, Segment.Making.ON_DISK);
    for (int i = 0; i < RECORDS; i++) {
      rows.add(Rows.row(random, Rows.NOV_1 + i));
      Rows.append(segment, rows.getLast());
    }
    segment.release();
    int at = HEADER;
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file));
    for (int i = 0; i < RECORDS; i++) {
      starts.add(at);
      at += PREFIX + all.getInt(at);
    }
    starts.add(at);
    try (Store store = Store.open(options, Ticker.system())) {
      Charge charge = new Charge(Rows.counter("org", ""), OWNER, ALLOWANCE);
      store.append(List.of(Corrections.reaped(Rows.NOV_1, Rows.NOV_1, charge)));
    } catch (java.sql.SQLException e) {
      throw new IOException(e);
    }
  }

  private void write(int at, byte... bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThat(channel.write(ByteBuffer.wrap(bytes), at)).isEqualTo(bytes.length);
    }
  }

  private void cut(int size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  private static byte[] bytes(int number) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
  }

  private List<LedgerRow> without(int... lost) {
    List<LedgerRow> left = new ArrayList<>(rows);
    for (int i = lost.length - 1; i >= 0; i--) {
      left.remove(lost[i]);
    }
    return left;
  }

  /** All is imported, what the owner was charged beyond is given back, and the journal is gone. */
  private void expectWhole(List<LedgerRow> booked) {
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      expectBooked(ledger, booked);
      assertThat(ledger.recovery().damaged()).isZero();
      if (!booked.isEmpty()) {
        assertThat(ledger.recovery().owners()).containsExactly(OWNER);
        assertThat(charged(ledger)).isEqualTo(sum(booked));
      }
    }
    assertThat(options.journal()).isEmptyDirectory();
  }

  /**
   * What can be read is imported, no money is given back, and the journal stays to be looked at.
   */
  private void expectDamaged(List<LedgerRow> booked) {
    Path kept = dead.resolveSibling("dead-process.damaged");
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      expectBooked(ledger, booked);
      assertThat(ledger.recovery().damaged()).isEqualTo(1);
      expectStillCharged(ledger, booked);
      assertThat(dead).doesNotExist();
      assertThat(kept.resolve(file.getFileName())).exists();
    }
    try (SqlLedger again = SqlLedger.open(options, Ticker.system())) {
      assertThat(again.recovery().journals()).isZero();
    }
    assertThat(kept.resolve(file.getFileName())).exists();
  }

  /** What can be read is imported and no money is given back; there is nothing to look at. */
  private void expectTorn(List<LedgerRow> booked) {
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      expectBooked(ledger, booked);
      assertThat(ledger.recovery().damaged()).isZero();
      expectStillCharged(ledger, booked);
    }
    assertThat(options.journal()).isEmptyDirectory();
  }

  private void expectBooked(SqlLedger ledger, List<LedgerRow> booked) {
    assertThat(ledger.recovery().journals()).isEqualTo(1);
    assertThat(ledger.recovery().rows()).isEqualTo(booked.size());
    for (LedgerRow row : booked) {
      assertThat(ledger.queries().request(row.attempt().request())).containsExactly(row);
    }
  }

  private static void expectStillCharged(SqlLedger ledger, List<LedgerRow> booked) {
    assertThat(ledger.recovery().owners()).isEmpty();
    assertThat(charged(ledger)).isEqualTo(ALLOWANCE + sum(booked));
  }

  private static long charged(SqlLedger ledger) {
    return requireNonNull(ledger.queries().ownerTotals(OWNER).get(Rows.counter("org", "").id()));
  }

  private static long sum(List<LedgerRow> booked) {
    return booked.stream().mapToLong(row -> row.money().cost()).sum();
  }

  @Test
  void asWritten_isImported() {
    expectWhole(rows);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, HEADER - 1, HEADER})
  void fileOfAtMostAHeader_heldNothing(int size) throws IOException {
    cut(size);
    expectWhole(List.of());
  }

  @Test
  void fileOfZerosBesideIt_isASpareThatWasNotForced() throws IOException {
    Files.write(dead.resolve("000000001.journal"), new byte[0]);
    Files.write(dead.resolve("000000002.journal"), new byte[70_000]);
    expectWhole(rows);
  }

  @Test
  void appendThatAKillCutOff_lostNothing() throws IOException {
    write(starts.getLast() + PREFIX, RowCodec.INTENT, (byte) 5, (byte) 6);
    expectWhole(rows);
  }

  @Test
  void lengthZeroedInTheMiddle_isDamage_theRestIsBooked() throws IOException {
    write(starts.get(1), new byte[PREFIX]);
    expectDamaged(without(1));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, SIZE, 3})
  void lengthThatIsWrong_isDamage_theRestIsBooked(int length) throws IOException {
    write(starts.get(5), bytes(length));
    expectDamaged(without(5));
  }

  @Test
  void recordWithAWrongSumInTheMiddle_isDamage_theRestIsBooked() throws IOException {
    write(starts.get(5) + PREFIX + 3, (byte) 0x55, (byte) 0xAA);
    expectDamaged(without(5));
  }

  @Test
  void pageThatWasNotWritten_isDamage_theRestIsBooked() throws IOException {
    write(0, new byte[4096]);
    int first = 0;
    while (starts.get(first) < 4096) {
      first++;
    }
    expectDamaged(rows.subList(first, RECORDS));
  }

  @Test
  void beginOverwritten_isDamage_theRestIsBooked() throws IOException {
    byte[] noise = new byte[4096];
    random.nextBytes(noise);
    write(0, noise);
    int first = 0;
    while (starts.get(first) < 4096) {
      first++;
    }
    expectDamaged(rows.subList(first, RECORDS));
  }

  @Test
  void otherMagic_isDamage() throws IOException {
    write(3, (byte) 'X');
    expectDamaged(rows);
  }

  @Test
  void fileCutInARecord_isDamage() throws IOException {
    cut(starts.get(3) + 11);
    expectDamaged(rows.subList(0, 3));
  }

  @Test
  void fileCutBehindARecord_isDamage() throws IOException {
    cut(starts.get(3));
    expectDamaged(rows.subList(0, 3));
  }

  @Test
  void bytesBehindTheEnd_thatNoAppendLeaves_areDamage() throws IOException {
    write(starts.getLast(), bytes(12));
    write(starts.getLast() + 70_000, (byte) 1);
    expectDamaged(rows);
  }

  @Test
  void recordOfUnknownType_isDamage_theRestIsBooked() throws IOException {
    int start = starts.get(5);
    int length = starts.get(6) - start - PREFIX;
    byte[] body = new byte[length];
    body[0] = 99;
    CRC32C crc = new CRC32C();
    crc.update(body);
    write(start + PREFIX, body);
    write(start + Integer.BYTES, bytes((int) crc.getValue()));
    expectDamaged(without(5));
  }

  @Test
  void lastRecordTorn_isPassedOver_andGivesNothingBack() throws IOException {
    int last = starts.get(RECORDS - 1);
    write(starts.getLast() - 40, new byte[40]);
    assertThat(last).isLessThan(starts.getLast() - 40);
    expectTorn(rows.subList(0, RECORDS - 1));
  }

  @Test
  void lastRecordWithoutItsFirstPage_isPassedOver_andGivesNothingBack() throws IOException {
    write(starts.get(RECORDS - 1), new byte[60]);
    expectTorn(rows.subList(0, RECORDS - 1));
  }

  @Test
  void fileThatCannotBeRead_isNamed() throws IOException {
    Path odd = Files.createDirectory(dead.resolve("000000001.journal"));
    assertThatThrownBy(() -> SqlLedger.open(options, Ticker.system()))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining(odd.toString())
        .hasMessageContaining("expected: ");
  }
}
