package io.penstock.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What corrections rely on that were computed from their counter: that nobody has corrected it
 * since. Spend in between does no harm, as it is not given back; a second correction would count
 * what the first has given.
 *
 * @param corrections by row id, what the corrections of the row's counter summed to
 */
record Premises(Map<UUID, Long> corrections) {
  static final Premises NONE = new Premises(Map.of());

  /** The owner of what corrections charge. */
  private static final long NOBODY = 0;

  /**
   * Returns the rows whose premise holds and those without one: of a counter one that has one. In
   * the transaction that inserts them, under the lock of all writers, so that nobody corrects in
   * between.
   */
  List<LedgerRow> held(Connection open, CounterTable counters, List<LedgerRow> rows)
      throws SQLException {
    if (corrections.isEmpty()) {
      return rows;
    }
    Set<UUID> corrected = new HashSet<>();
    List<LedgerRow> held = new ArrayList<>(rows.size());
    for (LedgerRow row : rows) {
      Long premise = corrections.get(row.id());
      if (premise == null || isHeld(open, counters, counter(row), premise, corrected)) {
        held.add(row);
      }
    }
    return held;
  }

  private static boolean isHeld(
      Connection open, CounterTable counters, UUID counter, long premise, Set<UUID> corrected)
      throws SQLException {
    return counters.ofCounter(open, counter).getOrDefault(NOBODY, 0L) == premise
        && corrected.add(counter);
  }

  private static UUID counter(LedgerRow correction) {
    return correction.charges().getFirst().counter().id();
  }

  /** Returns whether the row is in the database, as far as these rows that were new tell. */
  @SuppressWarnings("ReferenceEquality") // another row of the same key has the same id
  boolean isBooked(LedgerRow row, List<LedgerRow> fresh) {
    return !corrections.containsKey(row.id()) || fresh.stream().anyMatch(one -> one == row);
  }
}
