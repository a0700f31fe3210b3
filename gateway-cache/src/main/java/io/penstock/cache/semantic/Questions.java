package io.penstock.cache.semantic;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What kind of answer a question wants: a person, a time, a reason, a yes. */
final class Questions {
  private static final Set<String> TIME = Set.of("time", "date", "year", "day", "month");
  private static final Set<String> PERSON =
      Set.of("people", "person", "name", "instructor", "professor", "teacher", "author", "man");
  private static final Set<String> PLACE = Set.of("country", "city", "place", "location", "state");
  private static final Set<String> YES_NO =
      Set.of(
          "is", "are", "was", "were", "do", "does", "did", "can", "could", "will", "would",
          "should", "has", "have", "had", "may", "must", "am");

  private static final Set<String> PLAIN =
      Set.of(
          "person",
          "owner",
          "time",
          "place",
          "how many",
          "how long",
          "how often",
          "how far",
          "how old",
          "how wide",
          "how high",
          "how deep",
          "how big",
          "how fast",
          "how tall");
  private static final Set<String> OPEN = Set.of("", "thing");
  private static final Set<String> REASON = Set.of("reason", "caus", "purpos");
  private static final Set<String> MEASURES =
      Set.of(
          "many", "much", "long", "often", "far", "old", "big", "fast", "tall", "wide", "high",
          "deep");

  private Questions() {}

  /** Returns 1 when both want the same kind, 0.5 when one leaves it open, 0 when they differ. */
  static double agreement(List<Token> a, List<Token> b) {
    String wantA = want(a);
    String wantB = want(b);
    if (wantA.equals(wantB)) {
      return 1;
    }
    return wantA.isEmpty() || wantB.isEmpty() ? 0.5 : 0;
  }

  /** Returns whether two questions want things that no one answer gives. */
  static boolean conflict(List<Token> a, List<Token> b) {
    String wantA = want(a);
    String wantB = want(b);
    if (!Collections.disjoint(wants(a), wants(b))) {
      return false;
    }
    if (isWhetherAndHow(a, wantA, wantB) || isWhetherAndHow(b, wantB, wantA)) {
      return true;
    }
    boolean bothPlain = PLAIN.contains(wantA) && PLAIN.contains(wantB);
    return bothPlain
        || (wantA.equals("reason") && !OPEN.contains(wantB) && !asksReason(b))
        || (wantB.equals("reason") && !OPEN.contains(wantA) && !asksReason(a));
  }

  /** "Can I return shoes" is answered by yes; "how do I return shoes" is not. */
  private static boolean isWhetherAndHow(List<Token> yes, String want, String other) {
    return want.equals("yes")
        && other.equals("how")
        && !Tokens.says(yes, "way")
        && !Tokens.says(yes, "possible")
        && !Tokens.says(yes, "able");
  }

  private static Set<String> wants(List<Token> tokens) {
    Set<String> wants = new HashSet<>();
    wants.add(want(tokens));
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).kind() == Token.Kind.QUESTION) {
        wants.add(byWord(tokens, i));
      }
    }
    return wants;
  }

  private static boolean asksReason(List<Token> tokens) {
    return tokens.stream().anyMatch(token -> REASON.contains(token.stem()));
  }

  private static String want(List<Token> tokens) {
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).kind() == Token.Kind.QUESTION) {
        return byWord(tokens, i);
      }
    }
    return !tokens.isEmpty() && YES_NO.contains(tokens.getFirst().lower()) ? "yes" : "";
  }

  private static String byWord(List<Token> tokens, int at) {
    String next = at + 1 < tokens.size() ? tokens.get(at + 1).stem() : "";
    String after = at + 1 < tokens.size() ? tokens.get(at + 1).lower() : "";
    return switch (tokens.get(at).lower()) {
      case "who", "whom" -> "person";
      case "whose" -> "owner";
      case "when" -> "time";
      case "where" -> "place";
      case "why" -> "reason";
      case "how" -> MEASURES.contains(after) ? "how " + after : "how";
      default -> {
        if (TIME.contains(next) || TIME.contains(after)) {
          yield "time";
        }
        if (PERSON.contains(next) || PERSON.contains(after)) {
          yield "person";
        }
        yield PLACE.contains(after) ? "place" : "thing";
      }
    };
  }
}
