package io.penstock.budget;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which entries of a list hold for a request. Entries that depend on identity, model and endpoint
 * alone are decided once per kind of request and remembered, so that thousands of them cost one
 * look-up; the others are asked each time.
 *
 * <p>Each entry has a run of slots: the first is the entry itself, then one for each override.
 */
final class Matcher {
  /** Kinds that are remembered before all are forgotten: names that clients make up have no end. */
  private static final int KINDS = 20_000;

  /** One entry: its condition, then those of its overrides, the first slot and the purpose. */
  record Entry(Condition when, List<Condition> overrides, boolean shared, String purpose) {
    boolean isFor(String asked) {
      return purpose.equals(asked) || (purpose.isEmpty() && shared);
    }

    boolean isMemoisable() {
      return when.isMemoisable() && overrides.stream().allMatch(Condition::isMemoisable);
    }

    int pick(Facts facts) {
      for (int i = 0; i < overrides.size(); i++) {
        if (overrides.get(i).test(facts)) {
          return i + 1;
        }
      }
      return 0;
    }
  }

  /** What {@link Condition#MEMOISABLE} names. */
  private record Kind(
      String model,
      String target,
      String provider,
      String region,
      String endpoint,
      String team,
      String app,
      String user,
      String key,
      String purpose) {}

  /** Slots that hold for sure, and entries that have to be asked. */
  private record Known(int[] slots, int[] open) {}

  private final List<Entry> entries;
  private final int[] first;
  private final ConcurrentHashMap<Kind, Known> kinds = new ConcurrentHashMap<>();

  Matcher(List<Entry> entries) {
    this.entries = List.copyOf(entries);
    this.first = new int[entries.size()];
    int slot = 0;
    for (int i = 0; i < first.length; i++) {
      first[i] = slot;
      slot += 1 + entries.get(i).overrides().size();
    }
  }

  /** Returns the slots that hold; shared when everything was remembered, so never change it. */
  int[] match(Facts facts, String purpose) {
    if (entries.isEmpty()) {
      return NONE;
    }
    Kind kind =
        new Kind(
            facts.model(),
            facts.target(),
            facts.provider(),
            facts.region(),
            facts.endpoint(),
            facts.team(),
            facts.app(),
            facts.user(),
            facts.key(),
            purpose);
    Known known = kinds.get(kind);
    if (known == null) {
      known = decide(facts, purpose);
      if (kinds.size() >= KINDS) {
        kinds.clear();
      }
      kinds.put(kind, known);
    }
    return known.open.length == 0 ? known.slots : ask(known, facts);
  }

  private static final int[] NONE = {};

  private Known decide(Facts facts, String purpose) {
    int[] slots = new int[entries.size()];
    int[] open = new int[entries.size()];
    int sure = 0;
    int asked = 0;
    for (int i = 0; i < slots.length; i++) {
      Entry entry = entries.get(i);
      if (!entry.isFor(purpose)) {
        continue;
      }
      if (entry.isMemoisable()) {
        if (entry.when().test(facts)) {
          slots[sure++] = first[i] + entry.pick(facts);
        }
      } else if (!entry.when().isMemoisable() || entry.when().test(facts)) {
        open[asked++] = i;
      }
    }
    return new Known(Arrays.copyOf(slots, sure), Arrays.copyOf(open, asked));
  }

  private int[] ask(Known known, Facts facts) {
    int[] slots = Arrays.copyOf(known.slots, known.slots.length + known.open.length);
    int n = known.slots.length;
    for (int i : known.open) {
      Entry entry = entries.get(i);
      if (entry.when().test(facts)) {
        slots[n++] = first[i] + entry.pick(facts);
      }
    }
    return n == slots.length ? slots : Arrays.copyOf(slots, n);
  }
}
