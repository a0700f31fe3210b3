package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Differences after which no likeness of wording makes two questions the same. Each names itself;
 * the first found decides.
 */
final class Vetoes {
  private static final Set<String> CONDITIONS =
      Set.of(
          "if",
          "unless",
          "until",
          "assuming",
          "provided",
          "despite",
          "although",
          "without",
          "except",
          "excluding",
          "including",
          "that");
  private static final Set<String> LISTING = Set.of("and", "or");
  private static final int CLAUSE_WORDS = 6;

  private Vetoes() {}

  /** Returns why the answer to one cannot serve the other, or null. */
  static @Nullable String find(Alignment pair) {
    List<Token> a = pair.a;
    List<Token> b = pair.b;
    if (!numbersAgree(a, b)) {
      return "numbers";
    }
    if (Questions.conflict(a, b)) {
      return "question";
    }
    if (Modality.conflict(a, b)) {
      return "modality";
    }
    if (!Markers.times(a).equals(Markers.times(b))) {
      return "times";
    }
    if (!unitsAgree(a, b)) {
      return "units";
    }
    if (Polarity.negations(a) % 2 != Polarity.negations(b) % 2) {
      return "negation";
    }
    if (!Markers.bounds(a).equals(Markers.bounds(b))
        || contradict(Markers.quantifiers(a), Markers.quantifiers(b))
        || Amounts.conflict(pair)) {
      return "bounds";
    }
    String asked = asked(a, b);
    if (asked != null) {
      return asked;
    }
    List<Token> aloneA = pair.alone(true);
    List<Token> aloneB = pair.alone(false);
    if (opposed(pair, aloneA, aloneB)) {
      return "opposites";
    }
    if (aloneA.stream().anyMatch(pair.meant::contains)
        || aloneB.stream().anyMatch(pair.meant::contains)) {
      return "correction";
    }
    if (codeDiffers(a, b) || !Markers.keywords(a).equals(Markers.keywords(b))) {
      return "code";
    }
    if (namesDiffer(aloneA, aloneB)) {
      return "names";
    }
    if (Order.differs(pair)) {
      return "order";
    }
    return conditional(a, aloneA, b) || conditional(b, aloneB, a) ? "condition" : null;
  }

  /** What is asked for: technology, language, format, audience. */
  private static @Nullable String asked(List<Token> a, List<Token> b) {
    if (!Markers.technologies(a).equals(Markers.technologies(b))) {
      return "technology";
    }
    if (!Markers.languages(a).equals(Markers.languages(b))) {
      return "language";
    }
    if (!Markers.formats(a).equals(Markers.formats(b))) {
      return "format";
    }
    return Markers.audiences(a).equals(Markers.audiences(b)) ? null : "audience";
  }

  private static List<String> numbers(List<Token> tokens) {
    List<String> numbers = new ArrayList<>();
    for (Token token : tokens) {
      if (token.kind() == Token.Kind.NUMBER) {
        numbers.add(token.stem());
      }
    }
    return numbers;
  }

  private static boolean numbersAgree(List<Token> a, List<Token> b) {
    List<String> ofA = numbers(a);
    List<String> ofB = numbers(b);
    if (ofA.equals(ofB)) {
      return true;
    }
    ofA.sort(Comparator.naturalOrder());
    ofB.sort(Comparator.naturalOrder());
    return ofA.equals(ofB) && sameCompany(a, b);
  }

  /** In another order each number must stand by a word it stood by, or all in a plain list. */
  private static boolean sameCompany(List<Token> a, List<Token> b) {
    Map<String, Set<String>> ofA = company(a);
    Map<String, Set<String>> ofB = company(b);
    for (Map.Entry<String, Set<String>> number : ofA.entrySet()) {
      Set<String> common = new java.util.HashSet<>(number.getValue());
      common.retainAll(ofB.getOrDefault(number.getKey(), Set.of()));
      if (common.isEmpty()) {
        return false;
      }
    }
    return numbers(a).size() <= 2;
  }

  private static Map<String, Set<String>> company(List<Token> tokens) {
    Map<String, Set<String>> company = new TreeMap<>();
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).kind() == Token.Kind.NUMBER) {
        Set<String> near =
            company.computeIfAbsent(tokens.get(i).stem(), n -> new java.util.HashSet<>());
        String left = i == 0 ? "" : tokens.get(i - 1).stem();
        String right = i + 1 == tokens.size() ? "" : tokens.get(i + 1).stem();
        boolean listed = LISTING.contains(left) || LISTING.contains(right);
        near.add(listed ? "listed" : "");
        near.add(i > 0 && tokens.get(i - 1).isContent() ? "after " + left : "before " + right);
        near.remove("");
      }
    }
    return company;
  }

  private static boolean unitsAgree(List<Token> a, List<Token> b) {
    Set<String> ofA = Markers.units(a);
    Set<String> ofB = Markers.units(b);
    return ofA.equals(ofB)
        || (ofA.isEmpty() && numbers(b).isEmpty() && ofB.size() == 1)
        || (ofB.isEmpty() && numbers(a).isEmpty() && ofA.size() == 1);
  }

  private static boolean contradict(Set<String> a, Set<String> b) {
    return !a.isEmpty() && !b.isEmpty() && !a.equals(b);
  }

  private static boolean opposed(Alignment pair, List<Token> aloneA, List<Token> aloneB) {
    for (Token x : aloneA) {
      for (Token y : aloneB) {
        if (pair.lexicon().isOpposite(x.stem(), y.stem())) {
          return true;
        }
      }
    }
    return contradict(Polarity.sides(pair.a), Polarity.sides(pair.b))
        || Polarity.particlesOppose(pair.a, pair.b);
  }

  private static boolean codeDiffers(List<Token> a, List<Token> b) {
    return !codes(a).equals(codes(b));
  }

  private static List<String> codes(List<Token> tokens) {
    List<String> codes = new ArrayList<>();
    for (Token token : tokens) {
      if (token.kind() == Token.Kind.CODE || isIdentifier(token)) {
        codes.add(token.lower().replace("`", "").replace("()", ""));
      }
    }
    codes.sort(Comparator.naturalOrder());
    return codes;
  }

  /** Letters with digits in them: model names, course codes, versions. */
  private static boolean isIdentifier(Token token) {
    String lower = token.lower();
    return token.kind() == Token.Kind.CONTENT
        && lower.chars().anyMatch(Character::isDigit)
        && lower.chars().anyMatch(Character::isLetter);
  }

  /** A name on one side that became another word on the other. */
  private static boolean namesDiffer(List<Token> aloneA, List<Token> aloneB) {
    return (aloneA.stream().anyMatch(Token::named) && !aloneB.isEmpty())
        || (aloneB.stream().anyMatch(Token::named) && !aloneA.isEmpty());
  }

  /** Something that only one side says stands behind a word that makes conditions. */
  private static boolean conditional(List<Token> side, List<Token> alone, List<Token> other) {
    int open = 0;
    for (Token token : side) {
      boolean opens =
          CONDITIONS.contains(token.lower())
              && !Tokens.says(other, token.lower())
              && !isWhether(token, other);
      open = opens ? CLAUSE_WORDS : open - 1;
      if (open > 0 && !token.aside() && alone.contains(token)) {
        return true;
      }
    }
    return false;
  }

  /** "Check if" is "check whether". */
  private static boolean isWhether(Token token, List<Token> other) {
    return token.lower().equals("if") && Tokens.says(other, "whether");
  }
}
