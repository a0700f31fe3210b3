package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads past a speaker's self-corrections ("the Spanish, no, British empire"). A correction says
 * where it ends but not how much it takes back, so every reading is tried and the one nearest to
 * the other text is kept. What comes after the mark is never dropped, so a reading cannot invent
 * agreement on what the speaker meant.
 */
final class Repairs {
  private static final int LONGEST = 14;
  private static final int MOST = 120;
  private static final Set<String> MARKS =
      Set.of(
          "no",
          "nope",
          "wait",
          "oops",
          "sorry",
          "rather",
          "actually",
          "acutally",
          "instead",
          "well",
          "correction",
          "really",
          "pardon",
          "whoops");
  private static final Pattern SOUND = Pattern.compile("u+h*m*|e+r+m*|a+h+|o+h+|h+m+|hoo|boy");
  private static final List<List<String>> LONG_MARKS =
      List.of(
          List.of("i", "mean"),
          List.of("i", "meant"),
          List.of("or", "rather"),
          List.of("make", "that"),
          List.of("scratch", "that"),
          List.of("hold", "on"),
          List.of("let", "me", "rephrase"),
          List.of("let", "me", "rephrase", "that"),
          List.of("excuse", "me"),
          List.of("hang", "on"),
          List.of("that", "is", "wrong"),
          List.of("not", "that"),
          List.of("tell", "me"),
          List.of("just", "tell", "me"),
          List.of("and", "tell", "me"),
          List.of("let", "me", "ask"),
          List.of("let", "me", "ask", "you"),
          List.of("i", "just", "want", "to", "know"),
          List.of("i", "want", "to", "know"),
          List.of("cancel", "that"),
          List.of("change", "that", "to"),
          List.of("better", "yet"),
          List.of("meant", "to", "say"),
          List.of("and", "say", "that"),
          List.of("more", "generally"),
          List.of("maybe", "more", "generally"),
          List.of("just", "say"),
          List.of("or", "say"),
          List.of("that", "is", "not", "it"),
          List.of("or", "i", "guess"),
          List.of("i", "guess"),
          List.of("my", "bad"),
          List.of("forget", "it"),
          List.of("forget", "that"),
          List.of("that", "is", "not", "right"),
          List.of("what", "i", "meant", "was"),
          List.of("no", "tell", "me"),
          List.of("sorry", "tell", "me"),
          List.of("you", "know"),
          List.of("i", "meant", "to", "ask"),
          List.of("i", "meant", "to", "say"),
          List.of("strike", "that"),
          List.of("that", "is", "a", "part", "of", "it"),
          List.of("never", "mind"),
          List.of("i", "am", "sorry"));

  private Repairs() {}

  /** A stretch of marks, [from, to). */
  private record Mark(int from, int to) {}

  /**
   * A text as it was meant.
   *
   * @param meant the first word of weight after each mark: what the speaker corrected to
   */
  record Reading(List<Token> tokens, List<Token> meant) {}

  /** Returns the reading of {@code tokens} nearest to {@code other}. */
  static Reading read(List<Token> tokens, List<Token> other) {
    List<Token> best = best(tokens, other);
    return new Reading(best, best.equals(tokens) ? List.of() : meant(tokens));
  }

  private static List<Token> meant(List<Token> tokens) {
    List<Token> meant = new ArrayList<>();
    for (Mark mark : marks(tokens)) {
      for (int i = mark.to; i < tokens.size(); i++) {
        Token.Kind kind = tokens.get(i).kind();
        if (kind != Token.Kind.FUNCTION && kind != Token.Kind.QUESTION) {
          meant.add(tokens.get(i));
          break;
        }
      }
    }
    return meant;
  }

  private static List<Token> best(List<Token> tokens, List<Token> other) {
    List<Token> best = tokens;
    double score = likeness(tokens, other);
    for (int round = 0; round < 3; round++) {
      List<Token> start = best;
      for (List<Token> reading : readings(start)) {
        double candidate = likeness(reading, other);
        if (candidate > score) {
          score = candidate;
          best = reading;
        }
      }
      if (best.equals(start)) {
        return best;
      }
    }
    return best;
  }

  private static List<List<Token>> readings(List<Token> tokens) {
    List<List<Token>> readings = new ArrayList<>();
    for (Mark mark : marks(tokens)) {
      // A lone "no" takes something back, or it is a negation.
      int least =
          mark.to - mark.from == 1 && mark.from > 0 && isWord(tokens.get(mark.from)) ? 1 : 0;
      for (int back = least; back <= Math.min(mark.from, LONGEST); back++) {
        readings.add(without(tokens, mark.from - back, mark.to));
      }
      int length = tokens.size() - mark.to;
      if (length >= 1 && length <= 4) {
        substitutions(tokens, mark, readings);
      }
      if (readings.size() > MOST) {
        break;
      }
    }
    return readings;
  }

  /** A correction said at the end replaces some words before it. */
  private static void substitutions(List<Token> tokens, Mark mark, List<List<Token>> readings) {
    List<Token> said = tokens.subList(0, mark.from);
    List<Token> meant = tokens.subList(mark.to, tokens.size());
    for (int from = 0; from < said.size(); from++) {
      for (int length = 1; length <= 3 && from + length <= said.size(); length++) {
        List<Token> reading = new ArrayList<>(said.subList(0, from));
        reading.addAll(meant);
        reading.addAll(said.subList(from + length, said.size()));
        readings.add(reading);
      }
    }
  }

  private static List<Token> without(List<Token> tokens, int from, int to) {
    List<Token> rest = new ArrayList<>(tokens.subList(0, from));
    rest.addAll(tokens.subList(to, tokens.size()));
    return rest;
  }

  private static List<Mark> marks(List<Token> tokens) {
    List<Mark> marks = new ArrayList<>();
    int at = 0;
    while (at < tokens.size()) {
      int end = at;
      int length = markAt(tokens, end);
      while (length > 0) {
        end += length;
        length = markAt(tokens, end);
      }
      if (end > at) {
        marks.add(new Mark(at, end));
      }
      at = Math.max(end, at + 1);
    }
    return marks;
  }

  private static int markAt(List<Token> tokens, int at) {
    int longest = 0;
    for (List<String> mark : LONG_MARKS) {
      if (mark.size() > longest && startsAt(tokens, at, mark)) {
        longest = mark.size();
      }
    }
    return longest == 0 && at < tokens.size() && isMark(tokens.get(at).lower()) ? 1 : longest;
  }

  private static boolean isWord(Token token) {
    return MARKS.contains(token.lower());
  }

  private static boolean isMark(String word) {
    return MARKS.contains(word) || SOUND.matcher(word).matches();
  }

  private static boolean startsAt(List<Token> tokens, int at, List<String> mark) {
    for (int i = 0; i < mark.size(); i++) {
      if (at + i >= tokens.size() || !tokens.get(at + i).lower().equals(mark.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** Length of the longest common subsequence over the mean length, shorter readings first. */
  static double likeness(List<Token> a, List<Token> b) {
    int[] row = new int[b.size() + 1];
    for (Token token : a) {
      int diagonal = 0;
      for (int j = 1; j <= b.size(); j++) {
        int above = row[j];
        boolean same = token.stem().equals(b.get(j - 1).stem());
        row[j] = same ? diagonal + 1 : Math.max(above, row[j - 1]);
        diagonal = above;
      }
    }
    int common = Arrays.stream(row).boxed().max(Comparator.naturalOrder()).orElse(0);
    return 2.0 * common / Math.max(1, a.size() + b.size());
  }
}
