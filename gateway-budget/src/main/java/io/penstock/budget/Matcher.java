package io.penstock.budget;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.ConditionIndex;
import io.penstock.core.rule.Facts;
import java.util.Arrays;
import java.util.List;

/**
 * Which entries of a list hold for a request, and with which of their overrides. Thread-safe.
 *
 * <p>Each entry has a run of slots: the first is the entry itself, then one for each override.
 */
final class Matcher {
  /** One entry: its condition, then those of its overrides, and for whose calls it is. */
  record Entry(Condition when, List<Condition> overrides, boolean shared, String purpose) {
    boolean isFor(String asked) {
      return purpose.equals(asked) || (purpose.isEmpty() && shared);
    }
  }

  private static final ConditionIndex NO_OVERRIDES = new ConditionIndex(List.of());

  private final List<Entry> entries;
  private final ConditionIndex holding;
  private final List<ConditionIndex> overrides;
  private final int[] first;

  Matcher(List<Entry> entries) {
    this.entries = List.copyOf(entries);
    this.holding = new ConditionIndex(entries.stream().map(Entry::when).toList());
    this.overrides = entries.stream().map(Matcher::overrides).toList();
    this.first = new int[entries.size()];
    int slot = 0;
    for (int i = 0; i < first.length; i++) {
      first[i] = slot;
      slot += 1 + entries.get(i).overrides().size();
    }
  }

  private static ConditionIndex overrides(Entry entry) {
    return entry.overrides().isEmpty() ? NO_OVERRIDES : new ConditionIndex(entry.overrides());
  }

  /** Returns the slots that hold, in the order of the entries. */
  int[] match(Facts facts, String purpose) {
    int[] slots = holding.all(facts);
    int n = 0;
    for (int i : slots) {
      if (entries.get(i).isFor(purpose)) {
        slots[n++] = first[i] + 1 + overrides.get(i).first(facts);
      }
    }
    return n == slots.length ? slots : Arrays.copyOf(slots, n);
  }
}
