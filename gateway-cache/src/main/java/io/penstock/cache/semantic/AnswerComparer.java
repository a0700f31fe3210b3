package io.penstock.cache.semantic;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides whether two answers say the same, to check a hit against what upstream says now. Equal
 * text is the same, other numbers are not; else likeness decides. How alike two answers to one
 * prompt are is learned by asking some prompts twice: below nearly all of those, answers differ.
 * Thread-safe.
 */
public final class AnswerComparer {
  private static final Pattern NUMBER = Pattern.compile("\\d+(?:[.,]\\d+)*");
  private static final int TWINS = 500;
  private static final int FEWEST_TWINS = 20;
  private static final double BEFORE_TWINS = 0.80;
  private static final double SHARE_BELOW = 0.05;

  private final ArrayDeque<Double> twins = new ArrayDeque<>();

  /** Returns whether the texts are equal but for case and spaces: no likeness is needed then. */
  public static boolean sameText(String a, String b) {
    return plain(a).equals(plain(b));
  }

  private static String plain(String text) {
    return text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", " ").strip();
  }

  /**
   * Returns whether two answers say the same.
   *
   * @param likeness cosine of their embeddings, -1..1
   */
  public boolean same(String a, String b, double likeness) {
    return sameText(a, b) || (numbers(a).equals(numbers(b)) && likeness >= leastLikeness());
  }

  private static Set<String> numbers(String text) {
    Set<String> numbers = new TreeSet<>();
    Matcher matcher = NUMBER.matcher(text);
    while (matcher.find()) {
      numbers.add(matcher.group());
    }
    return numbers;
  }

  /** Takes the likeness of two answers that upstream gave to one and the same prompt. */
  public synchronized void twin(double likeness) {
    twins.addLast(likeness);
    if (twins.size() > TWINS) {
      twins.removeFirst();
    }
  }

  /** Returns what {@link #twin} was told, oldest first, for the next process. */
  public synchronized List<Double> twins() {
    return List.copyOf(twins);
  }

  /** Returns below what likeness answers count as different. */
  public synchronized double leastLikeness() {
    if (twins.size() < FEWEST_TWINS) {
      return BEFORE_TWINS;
    }
    double[] sorted = twins.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted[(int) (SHARE_BELOW * sorted.length)];
  }
}
