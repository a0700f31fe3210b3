package io.penstock.cache.semantic;

import java.util.List;
import java.util.Set;

/** Whether something may, must, should or can be done: the same deed, another question. */
final class Modality {
  private static final Set<String> ALLOWED =
      Set.of("may", "allowed", "permitted", "allow", "permit", "optional");
  private static final Set<String> REQUIRED =
      Set.of("must", "required", "obliged", "obligated", "mandatory", "compulsory", "require");
  private static final Set<String> ADVISED =
      Set.of("should", "ought", "advisable", "recommended", "recommend");

  private Modality() {}

  /** Returns whether one asks for permission and the other for duty or advice, or the like. */
  static boolean conflict(List<Token> a, List<Token> b) {
    String ofA = mode(a);
    String ofB = mode(b);
    return !ofA.isEmpty() && !ofB.isEmpty() && !ofA.equals(ofB);
  }

  /** Returns one word, or "" where none is said or more than one. */
  private static String mode(List<Token> tokens) {
    boolean allowed = has(tokens, ALLOWED) || asks(tokens, "can") || asks(tokens, "could");
    boolean required = has(tokens, REQUIRED) || hasTo(tokens);
    boolean advised = has(tokens, ADVISED);
    if ((allowed ? 1 : 0) + (required ? 1 : 0) + (advised ? 1 : 0) != 1) {
      return "";
    }
    return allowed ? "may" : required ? "must" : "should";
  }

  private static boolean asks(List<Token> tokens, String verb) {
    return Tokens.lower(tokens, 0).equals(verb);
  }

  private static boolean has(List<Token> tokens, Set<String> words) {
    return tokens.stream().anyMatch(token -> words.contains(token.lower()));
  }

  /** "Have to" is a duty; "what do I need to do" is a question for a way. */
  private static boolean hasTo(List<Token> tokens) {
    for (int i = 0; i + 1 < tokens.size(); i++) {
      String lower = tokens.get(i).lower();
      if ((lower.equals("have") || lower.equals("has"))
          && Tokens.lower(tokens, i + 1).equals("to")) {
        return true;
      }
    }
    return false;
  }
}
