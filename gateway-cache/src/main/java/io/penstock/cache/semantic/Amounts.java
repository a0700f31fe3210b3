package io.penstock.cache.semantic;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** How much of something is asked about: all of it or one, it alone or something more as well. */
final class Amounts {
  private static final Set<String> UNIVERSAL = Set.of("all", "every", "each");
  private static final Set<String> SINGLE =
      Set.of("my", "your", "our", "his", "her", "one", "this", "that", "a", "an", "single");
  private static final Set<String> JOINING = Set.of("and", "plus");

  private Amounts() {}

  /** Returns whether one asks for all of what the other has one of, or for more things at once. */
  static boolean conflict(Alignment pair) {
    Set<String> allA = after(pair.a, UNIVERSAL);
    Set<String> allB = after(pair.b, UNIVERSAL);
    Set<String> oneA = after(pair.a, SINGLE);
    Set<String> oneB = after(pair.b, SINGLE);
    oneA.removeAll(allA);
    oneB.removeAll(allB);
    return allA.stream().anyMatch(oneB::contains)
        || allB.stream().anyMatch(oneA::contains)
        || joins(pair.a, pair.ofA, pair.b)
        || joins(pair.b, pair.ofB, pair.a);
  }

  /** Returns the stems of what stands behind one of these words. */
  private static Set<String> after(List<Token> tokens, Set<String> words) {
    Set<String> found = new TreeSet<>();
    for (int i = 0; i + 1 < tokens.size(); i++) {
      if (words.contains(tokens.get(i).lower()) && tokens.get(i + 1).isContent()) {
        found.add(tokens.get(i + 1).stem());
      }
    }
    return found;
  }

  /** "X and Y" against "X": Y is asked for on one side only, and the other joins nothing. */
  private static boolean joins(List<Token> tokens, int[] matched, List<Token> other) {
    if (other.stream().anyMatch(token -> JOINING.contains(token.lower()))) {
      return false;
    }
    for (int i = 1; i + 1 < tokens.size(); i++) {
      boolean joined =
          JOINING.contains(tokens.get(i).lower())
              && tokens.get(i - 1).isContent()
              && tokens.get(i + 1).isContent();
      if (joined && (matched[i - 1] >= 0) != (matched[i + 1] >= 0)) {
        return true;
      }
    }
    return false;
  }
}
