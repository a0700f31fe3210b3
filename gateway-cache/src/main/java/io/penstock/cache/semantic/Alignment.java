package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.List;

/**
 * Which content words of two texts correspond: the same stem, an abbreviation written out, a slip
 * of the pen, a synonym, a derived word. Each word is used once; the surest correspondences go
 * first.
 */
final class Alignment {
  private final Lexicon lexicon;
  final List<Token> a;
  final List<Token> b;

  /** Index in the other text of the word matched, or -1. */
  final int[] ofA;

  final int[] ofB;

  /** What speakers corrected themselves to. */
  final List<Token> meant;

  /** Words matched otherwise than by stem. */
  int loose;

  Alignment(List<Token> a, List<Token> b, List<Token> meant, Lexicon lexicon) {
    this.meant = meant;
    this.lexicon = lexicon;
    this.a = a;
    this.b = b;
    this.ofA = unmatched(a.size());
    this.ofB = unmatched(b.size());
    match((x, y) -> x.kind() == y.kind() && x.stem().equals(y.stem()) && !x.aside() && !y.aside());
    match((x, y) -> x.stem().equals(y.stem()));
    abbreviations(a, b, ofA, ofB);
    abbreviations(b, a, ofB, ofA);
    int strict = matched();
    match((x, y) -> bothContent(x, y) && isSlip(x.lower(), y.lower()));
    match((x, y) -> bothContent(x, y) && lexicon.isSynonym(x.stem(), y.stem()));
    match((x, y) -> bothContent(x, y) && lexicon.isDerived(x.stem(), y.stem()));
    loose = matched() - strict;
  }

  private interface Test {
    boolean holds(Token x, Token y);
  }

  private static int[] unmatched(int size) {
    int[] of = new int[size];
    java.util.Arrays.fill(of, -1);
    return of;
  }

  private static boolean bothContent(Token x, Token y) {
    return x.kind() == Token.Kind.CONTENT && y.kind() == Token.Kind.CONTENT;
  }

  private void match(Test test) {
    for (int i = 0; i < a.size(); i++) {
      for (int j = 0; j < b.size() && ofA[i] < 0; j++) {
        if (ofB[j] < 0 && test.holds(a.get(i), b.get(j))) {
          ofA[i] = j;
          ofB[j] = i;
        }
      }
    }
  }

  private int matched() {
    int n = 0;
    for (int i = 0; i < a.size(); i++) {
      n += ofA[i] >= 0 && a.get(i).isContent() ? 1 : 0;
    }
    return n;
  }

  /** RPR is rapid plasma reagent: initials of a run of words on the other side. */
  private static void abbreviations(List<Token> from, List<Token> to, int[] ofFrom, int[] ofTo) {
    for (int i = 0; i < from.size(); i++) {
      String word = from.get(i).lower();
      if (ofFrom[i] < 0 && from.get(i).isContent() && word.length() >= 2 && word.length() <= 6) {
        for (int j = 0; j + word.length() <= to.size(); j++) {
          if (isInitials(word, to, j)) {
            ofFrom[i] = j;
            for (int k = 0; k < word.length(); k++) {
              if (ofTo[j + k] < 0) {
                ofTo[j + k] = i;
              }
            }
            break;
          }
        }
      }
    }
  }

  private static boolean isInitials(String word, List<Token> tokens, int from) {
    for (int k = 0; k < word.length(); k++) {
      String lower = tokens.get(from + k).lower();
      if (lower.length() < 2 || lower.charAt(0) != word.charAt(k)) {
        return false;
      }
    }
    return true;
  }

  /** One letter wrong, missing, added or swapped in a word of some length, but not its number. */
  private static boolean isSlip(String x, String y) {
    if (Math.min(x.length(), y.length()) < 5 || Math.abs(x.length() - y.length()) > 1) {
      return false;
    }
    int i = 0;
    while (i < x.length() && i < y.length() && x.charAt(i) == y.charAt(i)) {
      i++;
    }
    int k = 0;
    while (k < Math.min(x.length(), y.length()) - i
        && x.charAt(x.length() - 1 - k) == y.charAt(y.length() - 1 - k)) {
      k++;
    }
    int restX = x.length() - i - k;
    int restY = y.length() - i - k;
    boolean swapped =
        restX == 2
            && restY == 2
            && x.charAt(i) == y.charAt(i + 1)
            && x.charAt(i + 1) == y.charAt(i);
    return i > 0 && (swapped || (restX <= 1 && restY <= 1));
  }

  /** Returns the content words of one side that have no partner. */
  List<Token> alone(boolean ofFirst) {
    List<Token> side = ofFirst ? a : b;
    int[] of = ofFirst ? ofA : ofB;
    List<Token> alone = new ArrayList<>();
    for (int i = 0; i < side.size(); i++) {
      if (of[i] < 0 && side.get(i).isContent() && !isRepeated(side, of, i)) {
        alone.add(side.get(i));
      }
    }
    return alone;
  }

  /** A word said twice needs one partner only. */
  private static boolean isRepeated(List<Token> side, int[] of, int i) {
    for (int k = 0; k < side.size(); k++) {
      if (of[k] >= 0 && side.get(k).stem().equals(side.get(i).stem())) {
        return true;
      }
    }
    return false;
  }

  /** Returns the share of pairs of matched content words that stand in the other order, 0..1. */
  double inversions() {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      if (ofA[i] >= 0 && a.get(i).kind() != Token.Kind.FUNCTION) {
        order.add(ofA[i]);
      }
    }
    int pairs = 0;
    int inverted = 0;
    for (int i = 0; i < order.size(); i++) {
      for (int j = i + 1; j < order.size(); j++) {
        pairs++;
        inverted += order.get(i) > order.get(j) ? 1 : 0;
      }
    }
    return pairs == 0 ? 0 : (double) inverted / pairs;
  }

  /**
   * Counts words of one text that stand where another word stands in the other text, between the
   * same neighbours: another value in the same question.
   */
  int substitutions() {
    int n = 0;
    for (int i = 0; i < a.size(); i++) {
      if (ofA[i] < 0 && a.get(i).isContent()) {
        int left = i == 0 ? -1 : ofA[i - 1];
        int right = i == a.size() - 1 ? b.size() : ofA[i + 1];
        boolean afterLeft = (i == 0 || left >= 0) && isAlone(left + 1);
        boolean beforeRight = right > 0 && isAlone(right - 1);
        n += afterLeft ? 1 : 0;
        n += beforeRight ? 1 : 0;
      }
    }
    return n;
  }

  private boolean isAlone(int j) {
    return j >= 0 && j < b.size() && ofB[j] < 0 && b.get(j).isContent();
  }

  Lexicon lexicon() {
    return lexicon;
  }
}
