package io.penstock.core.rule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Decides how each condition of a list is found: see {@link ConditionIndex}. Used once. */
final class IndexPlan {
  /** So many conditions of a direct shape are asked as fast as they are looked up. */
  private static final int FEW = 8;

  /** What more conditions than this compare with is no clue if the outcome can be remembered. */
  private static final int MOST_SHARED = 64;

  private static final int[] NOTHING = {};

  private final List<Condition> conditions;
  private final Map<Clue, Integer> uses = new HashMap<>();
  private final Map<Text, Map<String, List<Integer>>> byText = new LinkedHashMap<>();
  private final Map<Set<Text>, List<Integer>> byReading = new LinkedHashMap<>();
  private final List<Integer> asked = new ArrayList<>();
  private final boolean[] decided;
  private boolean repeats;

  IndexPlan(List<Condition> conditions) {
    this.conditions = conditions;
    this.decided = new boolean[conditions.size()];
    for (Condition condition : conditions) {
      clues(condition).forEach(set -> set.forEach(clue -> uses.merge(clue, 1, Integer::sum)));
    }
    for (int i = 0; i < conditions.size(); i++) {
      place(i);
    }
    for (Map.Entry<Set<Text>, List<Integer>> group : List.copyOf(byReading.entrySet())) {
      if (isCheaperAsked(group.getValue())) {
        asked.addAll(group.getValue());
        byReading.remove(group.getKey());
      } else {
        group.getValue().forEach(i -> decided[i] = true);
      }
    }
    asked.sort(Comparator.naturalOrder());
  }

  private void place(int i) {
    Condition condition = conditions.get(i);
    Set<Text> reading = steadyTexts(condition);
    int mostShared = reading == null ? conditions.size() : MOST_SHARED;
    boolean pays = isDear(condition) || conditions.size() > FEW;
    Set<Clue> clues = pays ? rarest(condition, mostShared) : null;
    if (clues != null) {
      for (Clue clue : clues) {
        byText
            .computeIfAbsent(clue.text(), text -> new HashMap<>())
            .computeIfAbsent(clue.literal(), literal -> new ArrayList<>())
            .add(i);
      }
      repeats |= clues.stream().map(Clue::text).distinct().count() > 1;
    } else if (reading != null) {
      byReading.computeIfAbsent(reading, texts -> new ArrayList<>()).add(i);
    } else {
      asked.add(i);
    }
  }

  private boolean isCheaperAsked(List<Integer> places) {
    return places.size() <= FEW && places.stream().noneMatch(i -> isDear(conditions.get(i)));
  }

  /** Returns the clues that tell most, being shared with the fewest others, but no more. */
  private @Nullable Set<Clue> rarest(Condition condition, int mostShared) {
    Set<Clue> best = null;
    int least = mostShared + 1;
    for (Set<Clue> clues : clues(condition)) {
      int shared = clues.stream().mapToInt(clue -> uses.getOrDefault(clue, 0)).max().orElse(0);
      if (shared < least) {
        best = clues;
        least = shared;
      }
    }
    return best;
  }

  private static List<Set<Clue>> clues(Condition condition) {
    return condition instanceof CompiledCondition compiled ? compiled.clues() : List.of();
  }

  /** Returns the texts that alone decide the outcome, or null when anything else does too. */
  private static @Nullable Set<Text> steadyTexts(Condition condition) {
    if (condition instanceof CompiledCondition compiled) {
      return compiled.steadyTexts();
    }
    return condition.isMemoisable()
        ? condition.variables().stream().map(name -> new Text(name, "")).collect(Collectors.toSet())
        : null;
  }

  private static boolean isDear(Condition condition) {
    return !(condition instanceof DirectCondition) && !condition.equals(Condition.ALWAYS);
  }

  /** Returns which conditions are decided when they are found. */
  boolean[] decided() {
    return decided;
  }

  /** Returns the places of those that are asked each time, ascending. */
  int[] asked() {
    return places(asked);
  }

  List<Lookup> lookups() {
    List<Lookup> lookups = new ArrayList<>();
    byText.forEach((text, literals) -> {
      Map<String, int[]> found = HashMap.newHashMap(literals.size());
      literals.forEach((literal, places) -> found.put(literal, places(places)));
      lookups.add(new Lookup(text, found));
    });
    return List.copyOf(lookups);
  }

  List<Remembered> remembered() {
    List<Remembered> groups = new ArrayList<>();
    byReading.forEach(
        (texts, places) -> groups.add(new Remembered(texts, conditions, places(places))));
    return List.copyOf(groups);
  }

  /** Returns whether a condition can be found by more than one text. */
  boolean repeats() {
    return repeats;
  }

  private static int[] places(List<Integer> places) {
    return places.isEmpty() ? NOTHING : places.stream().mapToInt(Integer::intValue).toArray();
  }
}
