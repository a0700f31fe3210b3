package io.penstock.ledger;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a {@link SpendQuery}.
 *
 * @param lines one per group, dearest first
 * @param total over all rows of the period; with {@code budget} among the dimensions less than the
 *     sum of the lines, because a row counts under each of its budgets
 * @param fromRows whether rows had to be read because roll-ups do not have a dimension; rows older
 *     than {@code ledger.retain} are then missing
 * @param rest the lines that were left out; null when none was
 */
public record Spend(List<SpendLine> lines, SpendLine total, boolean fromRows, @Nullable Rest rest) {
  public Spend {
    lines = List.copyOf(lines);
  }

  Spend(List<SpendLine> lines, SpendLine total, boolean fromRows) {
    this(lines, total, fromRows, null);
  }

  /**
   * Lines that are not shown one by one.
   *
   * @param lines how many
   * @param sums of all of them
   */
  public record Rest(int lines, SpendLine sums) {}

  /** Returns the same with so many lines, and the others as its rest. */
  public Spend dearest(int count) {
    if (lines.size() <= count) {
      return this;
    }
    SpendLine sums = new SpendLine(List.of());
    lines.subList(count, lines.size()).forEach(sums::add);
    return new Spend(
        lines.subList(0, count), total, fromRows, new Rest(lines.size() - count, sums));
  }

  /** Returns only the lines with that text in a value, whatever its case; total stays of all. */
  public Spend matching(String text) {
    String small = text.toLowerCase(Locale.ROOT);
    List<SpendLine> found =
        lines.stream()
            .filter(line ->
                line.key().stream().anyMatch(key -> key.toLowerCase(Locale.ROOT).contains(small)))
            .toList();
    return new Spend(found, total, fromRows, rest);
  }
}
