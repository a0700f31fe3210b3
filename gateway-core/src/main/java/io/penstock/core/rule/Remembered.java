package io.penstock.core.rule;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Conditions that the same few texts decide, asked once per combination of their values. Texts come
 * from clients, who can make up values without end: past a bound all is forgotten. Thread-safe.
 */
final class Remembered {
  /** About as many bytes as may be remembered. */
  private static final long MOST_BYTES = 4L << 20;

  /** What a combination takes beside its values and places, roughly. */
  private static final int BYTES_EACH = 256;

  private final List<Function<Facts, @Nullable String>> readers;
  private final List<Condition> conditions;
  private final int[] places;
  private final ConcurrentHashMap<List<@Nullable String>, int[]> known = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();

  /** Takes the conditions at these places of the list, which read these texts and nothing else. */
  Remembered(Set<Text> texts, List<Condition> all, int[] places) {
    this.readers = texts.stream().map(Text::exactReader).toList();
    this.conditions = Arrays.stream(places).<Condition>mapToObj(all::get).toList();
    this.places = places;
  }

  /** Returns the places of those that hold, ascending; shared, not to be changed. */
  int[] holding(Facts facts) {
    @Nullable String[] values = new String[readers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = readers.get(i).apply(facts);
    }
    List<@Nullable String> combination = Arrays.asList(values);
    int[] holding = known.get(combination);
    if (holding == null) {
      holding = decide(facts);
      remember(combination, holding);
    }
    return holding;
  }

  private int[] decide(Facts facts) {
    int[] holding = new int[places.length];
    int n = 0;
    for (int i = 0; i < places.length; i++) {
      if (conditions.get(i).test(facts)) {
        holding[n++] = places[i];
      }
    }
    return Arrays.copyOf(holding, n);
  }

  private void remember(List<@Nullable String> combination, int[] holding) {
    long size = BYTES_EACH + 4L * holding.length;
    for (String value : combination) {
      size += value == null ? 0 : value.length();
    }
    if (bytes.addAndGet(size) > MOST_BYTES) {
      known.clear();
      bytes.set(size);
    }
    known.put(combination, holding);
  }
}
