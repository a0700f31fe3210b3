package io.penstock.ledger;

import io.penstock.core.LineFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends rows to the database so that one which it refuses for what it says holds up no other, and
 * frees no money: halves of the batch are tried until that row is alone, which is then booked bare,
 * without what a client may have said, and written whole to a file in the journals' directory. A
 * database that is away, or refuses for another reason, refuses the whole batch; so does one that
 * refuses row after row, bare ones too, because then its tables are at fault. Confined to the
 * thread that writes; the count is for any.
 */
final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

  /** In the journals' directory: one JSON object per line. */
  static final String FILE = "refused/rows.jsonl";

  /** SQLite's result codes: too big, constraint, mismatch. */
  private static final Set<Integer> SQLITE_OF_DATA = Set.of(18, 19, 20);

  /** So many refusals in a row, with nothing accepted between them, are no fault of the rows. */
  static final int IN_A_ROW = 10;

  /** Nor is it when all of a batch are refused that has more rows than this. */
  private static final int FEW = 3;

  private final Store store;
  private final Path file;
  private final LongAdder refused = new LongAdder();

  /** Refused in a batch that is tried again: written once. */
  private final Set<UUID> written = new HashSet<>();

  private int inARow;

  /**
   * @param directory of the journals
   */
  Admission(Store store, Path directory) {
    this.store = store;
    this.file = directory.resolve(FILE);
  }

  /**
   * What came of a batch.
   *
   * @param fresh the rows that are new, those that take back and those that are bare among them
   * @param refused rows of which the database has nothing; those that are there bare are not among
   *     them
   * @param refusedOwners those whose rows could not be taken back
   */
  record Result(List<LedgerRow> fresh, Set<UUID> refused, Set<Long> refusedOwners) {}

  /** Returns how many rows were refused since the start. */
  long refused() {
    return refused.sum();
  }

  /** Appends rows that rely on nothing. */
  Result append(List<LedgerRow> rows, List<Long> foundOwners) throws SQLException, IOException {
    return append(rows, foundOwners, Premises.NONE);
  }

  /**
   * Appends rows and takes back what was booked for owners, as {@link Store#append} does.
   *
   * @throws SQLException when the database is away, or refuses row after row; to be tried again
   */
  Result append(List<LedgerRow> rows, List<Long> foundOwners, Premises premises)
      throws SQLException, IOException {
    Batch batch = new Batch(premises);
    batch.append(rows, foundOwners);
    if (batch.suspect == rows.size() && rows.size() > FEW) {
      throw atFault(batch.refusals.getFirst().why);
    }
    Set<UUID> out = new HashSet<>();
    for (Refusal refusal : batch.refusals) {
      putAside(refusal.row, refusal.why, "not in the database");
      out.add(refusal.row.id());
    }
    written.clear();
    return new Result(batch.fresh, out, batch.refusedOwners);
  }

  /** A row that is not in the database, not even bare. */
  private record Refusal(LedgerRow row, String why) {}

  /** What is known while one batch is tried. */
  private final class Batch {
    private final Premises premises;
    private final List<Refusal> refusals = new ArrayList<>();
    private final Set<Long> refusedOwners = new HashSet<>();
    private final List<LedgerRow> fresh = new ArrayList<>();

    /** Refusals for which the tables may be at fault. */
    private int suspect;

    Batch(Premises premises) {
      this.premises = premises;
    }

    void append(List<LedgerRow> rows, List<Long> owners) throws SQLException, IOException {
      try {
        fresh.addAll(store.appended(rows, owners, premises));
        if (!rows.isEmpty() || !owners.isEmpty()) {
          inARow = 0;
        }
      } catch (SQLException | ArithmeticException e) {
        if (!isOfData(e)) {
          throw e;
        }
        if (!rows.isEmpty() && !owners.isEmpty()) {
          append(List.of(), owners);
          append(rows, List.of());
        } else if (rows.size() + owners.size() > 1) {
          int row = rows.size() / 2;
          int owner = owners.size() / 2;
          append(rows.subList(0, row), owners.subList(0, owner));
          append(rows.subList(row, rows.size()), owners.subList(owner, owners.size()));
        } else if (rows.isEmpty()) {
          refuse(owners.getFirst(), e);
        } else {
          refuse(rows.getFirst(), e);
        }
      }
    }

    private void refuse(long owner, Exception e) throws SQLException {
      count(why(e));
      refusedOwners.add(owner);
      LOG.error("ledger: what was booked for owner {} cannot be taken back ({})", owner, why(e));
    }

    private void refuse(LedgerRow row, Exception e) throws SQLException, IOException {
      String why = why(e);
      if (Corrections.isAnswered(row)) { // whoever books it is told, and may say it otherwise
        refusals.add(new Refusal(row, why));
        return;
      }
      for (LedgerRow bare : Corrections.bare(row)) {
        try {
          fresh.addAll(store.appended(List.of(bare), List.of(), Premises.NONE));
          inARow = 0;
          putAside(row, why, "booked without its texts");
          return;
        } catch (SQLException | ArithmeticException again) {
          if (!isOfData(again)) {
            throw again;
          }
          e = again;
        }
      }
      refusals.add(new Refusal(row, why));
      if (!(e instanceof ArithmeticException)) {
        suspect++;
        count(why(e));
      }
    }

    private void count(String why) throws SQLException {
      inARow++;
      if (inARow >= IN_A_ROW) {
        throw atFault(why);
      }
    }
  }

  /** Nothing of a row is in a refusal's message: it is logged. */
  private static SQLException atFault(String why) {
    return new SQLException(
        "the database refuses row after row ("
            + why
            + "), so its tables seem to be at fault: rows wait in the journal (expected: the tables"
            + " as Penstock makes them, without constraints or columns of others)",
        "HY000");
  }

  private static String why(Exception e) {
    if (!(e instanceof SQLException sql)) {
      return "a sum that is too large";
    }
    return sql.getSQLState() == null ? "SQLite " + sql.getErrorCode() : sql.getSQLState();
  }

  /** Returns whether the database refuses what it was told, rather than to work. */
  static boolean isOfData(Exception e) {
    if (!(e instanceof SQLException sql)) {
      return e instanceof ArithmeticException;
    }
    String state = sql.getSQLState();
    if (state == null) {
      return SQLITE_OF_DATA.contains(sql.getErrorCode() & 0xFF);
    }
    return state.startsWith("22") || state.startsWith("23") || state.startsWith("54");
  }

  /** The driver's own words may quote the row: they are not logged. */
  private void putAside(LedgerRow row, String why, String what) throws IOException {
    if (written.contains(row.id())) {
      return;
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", row.id().toString());
    json.put("refused", why);
    @Nullable Object[] values = RowColumns.values(row);
    for (int i = 0; i < values.length; i++) {
      if (values[i] != null) {
        json.put(RowColumns.COLUMNS.get(i), values[i]);
      }
    }
    Files.createDirectories(file.getParent());
    LineFile.append(file, (RowColumns.json(json) + '\n').getBytes(StandardCharsets.UTF_8));
    // Behind it: what could not be written is tried again with its batch.
    written.add(row.id());
    refused.increment();
    LOG.error(
        "ledger: row {} is refused by the database ({}): {}, kept in {}",
        row.id(),
        why,
        what,
        file);
  }
}
