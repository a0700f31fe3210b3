package io.penstock.core.rule;

import java.util.Arrays;
import java.util.List;

/**
 * Which conditions of a list hold for a request, in their order: exactly what asking one after the
 * other answers, without asking most of them. A long list costs one look-up for each text (model,
 * team, a metadata value ...) that its conditions compare with literals, however many they are and
 * whatever values requests make up. Conditions that read such texts in other ways are decided once
 * per combination of these. Only the rest is asked each time.
 *
 * <p>Immutable but for what it remembers, which is bounded; thread-safe; evaluates on the caller's
 * thread.
 */
public final class ConditionIndex {
  /** What {@link #first} returns when no condition holds. */
  public static final int NONE = -1;

  private static final int[] NOTHING = {};

  private final List<Condition> conditions;
  private final boolean[] decided;
  private final int[] asked;
  private final List<Lookup> lookups;
  private final List<Remembered> remembered;
  private final boolean repeats;

  /** Indexes the conditions; takes some microseconds for each. */
  public ConditionIndex(List<? extends Condition> conditions) {
    this.conditions = List.copyOf(conditions);
    IndexPlan plan = new IndexPlan(this.conditions);
    this.decided = plan.decided();
    this.asked = plan.asked();
    this.lookups = plan.lookups();
    this.remembered = plan.remembered();
    this.repeats = plan.repeats();
  }

  /** Returns the place of the first condition that holds, or {@link #NONE}. */
  public int first(Facts facts) {
    for (int i : candidates(facts)) {
      if (decided[i] || conditions.get(i).test(facts)) {
        return i;
      }
    }
    return NONE;
  }

  /** Returns the places of all conditions that hold, ascending. The array is the caller's. */
  public int[] all(Facts facts) {
    int[] places = candidates(facts);
    int[] holding = NOTHING;
    int n = 0;
    for (int i : places) {
      if (decided[i] || conditions.get(i).test(facts)) {
        if (n == 0) {
          holding = new int[places.length];
        }
        holding[n++] = i;
      }
    }
    return n == holding.length ? holding : Arrays.copyOf(holding, n);
  }

  /** The places that may hold, ascending, each once; not the caller's to change. */
  private int[] candidates(Facts facts) {
    if (lookups.isEmpty() && remembered.isEmpty()) {
      return asked;
    }
    int[][] parts = new int[1 + lookups.size() + remembered.size()][];
    int n = 0;
    parts[n++] = asked;
    for (int i = 0; i < lookups.size(); i++) {
      parts[n++] = lookups.get(i).find(facts);
    }
    for (int i = 0; i < remembered.size(); i++) {
      parts[n++] = remembered.get(i).holding(facts);
    }
    return union(parts);
  }

  private int[] union(int[][] parts) {
    int total = 0;
    int[] only = NOTHING;
    for (int[] part : parts) {
      total += part.length;
      only = part.length > 0 ? part : only;
    }
    if (total == only.length) {
      return only;
    }
    int[] all = new int[total];
    int n = 0;
    for (int[] part : parts) {
      System.arraycopy(part, 0, all, n, part.length);
      n += part.length;
    }
    Arrays.sort(all);
    return repeats ? distinct(all) : all;
  }

  private static int[] distinct(int[] sorted) {
    int n = 1;
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i] != sorted[i - 1]) {
        sorted[n++] = sorted[i];
      }
    }
    return Arrays.copyOf(sorted, n);
  }
}
