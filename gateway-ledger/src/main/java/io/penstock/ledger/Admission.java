package io.penstock.ledger;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
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
 * Appends rows to the database so that one which it refuses for what it says holds up no other:
 * halves of the batch are tried until that row is alone, which is then written to a file beside the
 * journals' directory. A database that is away, or refuses for another reason, refuses the whole
 * batch. Confined to the thread that writes; the count is for any.
 */
final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

  /** Behind the name of the journals' directory: one JSON object per line. */
  static final String SUFFIX = "-refused.jsonl";

  /** SQLite's result codes: too big, constraint, mismatch. */
  private static final Set<Integer> SQLITE_OF_DATA = Set.of(18, 19, 20);

  private final Store store;
  private final Path file;
  private final LongAdder refused = new LongAdder();

  /** Refused in a batch that is tried again: written once. */
  private final Set<UUID> written = new HashSet<>();

  /**
   * @param directory of the journals
   */
  Admission(Store store, Path directory) {
    this.store = store;
    this.file = Path.of(directory + SUFFIX);
  }

  /** What came of a batch: how many rows are new, and those that were refused. */
  record Result(int fresh, Set<UUID> refused) {}

  /** Returns how many rows were refused since the start. */
  long refused() {
    return refused.sum();
  }

  /** Appends rows and takes back what was booked for owners, as {@link Store#append} does. */
  Result append(List<LedgerRow> rows, List<Long> foundOwners) throws SQLException, IOException {
    Set<UUID> out = new HashSet<>();
    int fresh = append(rows, foundOwners, out);
    written.clear();
    return new Result(fresh, out);
  }

  private int append(List<LedgerRow> rows, List<Long> foundOwners, Set<UUID> out)
      throws SQLException, IOException {
    try {
      return store.append(rows, foundOwners);
    } catch (SQLException | ArithmeticException e) {
      if (!isOfData(e) || rows.isEmpty()) {
        throw e;
      }
      if (!foundOwners.isEmpty()) {
        int fresh = append(List.of(), foundOwners, out);
        return fresh + append(rows, List.of(), out);
      }
      if (rows.size() > 1) {
        int half = rows.size() / 2;
        int fresh = append(rows.subList(0, half), List.of(), out);
        return fresh + append(rows.subList(half, rows.size()), List.of(), out);
      }
      putAside(rows.getFirst(), e);
      out.add(rows.getFirst().id());
      return 0;
    }
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
  private void putAside(LedgerRow row, Exception e) throws IOException {
    if (!written.add(row.id())) {
      return;
    }
    String why =
        e instanceof SQLException sql
            ? sql.getSQLState() == null ? "SQLite " + sql.getErrorCode() : sql.getSQLState()
            : "a sum that is too large";
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", row.id().toString());
    json.put("refused", why);
    @Nullable Object[] values = RowColumns.values(row);
    for (int i = 0; i < values.length; i++) {
      if (values[i] != null) {
        json.put(RowColumns.COLUMNS.get(i), values[i]);
      }
    }
    Files.write(
        file,
        (RowColumns.json(json) + '\n').getBytes(StandardCharsets.UTF_8),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    refused.increment();
    LOG.error("ledger: row {} is refused by the database ({}) and kept in {}", row.id(), why, file);
  }
}
