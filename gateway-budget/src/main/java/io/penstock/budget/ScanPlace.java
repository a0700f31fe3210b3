package io.penstock.budget;

import io.lettuce.core.ValueScanCursor;
import java.util.List;

/**
 * Where a listing of Redis's counters goes on. A scan gives as many members as it likes, so a page
 * may end in the middle of what one step of it gave: what a cursor names is that step, and the last
 * member that was told of it.
 *
 * @param scan Redis's own cursor of the step, an unsigned number
 * @param after the last member that was told; "" at the beginning of the step
 */
record ScanPlace(String scan, String after) {
  private static final char BETWEEN = ':';

  /**
   * Returns the place that a cursor names; the beginning for "".
   *
   * @throws IllegalArgumentException when no page can have given it
   */
  static ScanPlace of(String cursor) {
    int at = cursor.indexOf(BETWEEN);
    String step = at < 0 ? cursor : cursor.substring(0, at);
    return new ScanPlace(
        Long.toUnsignedString(BudgetPage.place(step)), at < 0 ? "" : cursor.substring(at + 1));
  }

  /**
   * Some members of a step, and the cursor of what comes behind them.
   *
   * @param next "" when there is nothing more
   */
  record Part(List<String> ids, String next) {}

  /** Returns what of this step comes next, at most so many members. */
  Part part(ValueScanCursor<String> step, int most) {
    // In order, so that one which comes or goes meanwhile moves no other.
    List<String> left =
        step.getValues().stream().filter(id -> id.compareTo(after) > 0).sorted().toList();
    if (left.size() > most) {
      List<String> ids = left.subList(0, most);
      return new Part(ids, scan + BETWEEN + ids.getLast());
    }
    return new Part(left, step.isFinished() ? "" : step.getCursor());
  }
}
