package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Differences after which no likeness of wording makes two questions the same. Each names itself;
 * the first found decides.
 */
final class Vetoes {
  private static final Set<String> NEGATIONS =
      Set.of(
          "not",
          "no",
          "never",
          "without",
          "none",
          "neither",
          "nor",
          "except",
          "excluding",
          "nobody",
          "nothing",
          "nowhere",
          "hardly",
          "lack",
          "non");
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
  private static final Set<String> CURRENCIES = Set.of("dollar", "euro", "pound", "yen");
  private static final int CLAUSE_WORDS = 6;
  private static final Set<String> ROLES =
      Set.of(
          "from", "to", "into", "than", "before", "after", "over", "under", "above", "below",
          "against");
  private static final Set<String> SIDES =
      Set.of(
          "before", "after", "during", "above", "below", "inside", "outside", "under", "over",
          "off", "against");
  private static final Set<String> SYMMETRIC =
      Set.of(
          "and",
          "or",
          "between",
          "vs",
          "versus",
          "compare",
          "difference",
          "differ",
          "both",
          "among");

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
    if (!Markers.times(a).equals(Markers.times(b))) {
      return "times";
    }
    if (!unitsAgree(a, b)) {
      return "units";
    }
    if (negations(a) % 2 != negations(b) % 2) {
      return "negation";
    }
    if (!Markers.bounds(a).equals(Markers.bounds(b))
        || contradict(Markers.quantifiers(a), Markers.quantifiers(b))) {
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
    if (codeDiffers(a, b)) {
      return "code";
    }
    if (namesDiffer(aloneA, aloneB)) {
      return "names";
    }
    if (swapped(pair)) {
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

  private static int negations(List<Token> tokens) {
    int n = 0;
    for (int i = 0; i < tokens.size(); i++) {
      String lower = tokens.get(i).lower();
      boolean only =
          lower.equals("not") && i + 1 < tokens.size() && tokens.get(i + 1).lower().equals("only");
      n += NEGATIONS.contains(lower) && !only ? 1 : 0;
    }
    return n;
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
    return contradict(sides(pair.a), sides(pair.b));
  }

  private static Set<String> sides(List<Token> tokens) {
    Set<String> sides = new TreeSet<>();
    for (Token token : tokens) {
      if (SIDES.contains(token.lower())) {
        sides.add(token.lower());
      }
    }
    return sides;
  }

  private static boolean says(List<Token> tokens, String word) {
    return tokens.stream().anyMatch(token -> token.lower().equals(word));
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

  private static boolean swapped(Alignment pair) {
    Map<String, String> rolesA = roles(pair.a);
    Map<String, String> rolesB = roles(pair.b);
    for (Map.Entry<String, String> role : rolesA.entrySet()) {
      String other = rolesB.get(role.getKey());
      if (other != null
          && !other.equals(role.getValue())
          && hasStem(pair.b, role.getValue())
          && hasStem(pair.a, other)
          && !(isSymmetric(pair.a) && isSymmetric(pair.b))) {
        return true;
      }
    }
    return crossed(pair.a, pair.b)
        || (pair.alone(true).isEmpty() && pair.alone(false).isEmpty() && counted(pair))
        || (pair.alone(true).isEmpty() && pair.alone(false).isEmpty() && turned(pair));
  }

  /** "Pounds for euros" against "euros for pounds": the same link, the ends exchanged. */
  private static boolean crossed(List<Token> a, List<Token> b) {
    Set<String> linksB = links(b, false);
    for (String link : links(a, true)) {
      if (linksB.contains(link)) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> links(List<Token> tokens, boolean turned) {
    Set<String> links = new TreeSet<>();
    for (int i = 0; i + 2 < tokens.size(); i++) {
      Token left = tokens.get(i);
      Token link = tokens.get(i + 1);
      Token right = tokens.get(i + 2);
      boolean ends = left.isContent() && right.isContent() && !left.stem().equals(right.stem());
      if (ends && link.kind() == Token.Kind.FUNCTION && !SYMMETRIC.contains(link.lower())) {
        String first = turned ? right.stem() : left.stem();
        links.add(first + ' ' + link.lower() + ' ' + (turned ? left.stem() : right.stem()));
      }
    }
    return links;
  }

  private static Map<String, String> roles(List<Token> tokens) {
    Map<String, String> roles = new TreeMap<>();
    for (int i = 0; i + 1 < tokens.size(); i++) {
      String word = tokens.get(i).lower();
      if (ROLES.contains(word)) {
        for (int k = i + 1; k < tokens.size(); k++) {
          if (tokens.get(k).isContent() && !CURRENCIES.contains(tokens.get(k).stem())) {
            roles.putIfAbsent(word, head(tokens, k));
            break;
          }
        }
      }
    }
    return roles;
  }

  /** The last of a run of content words: "a Python list" is a list. */
  private static String head(List<Token> tokens, int from) {
    int at = from;
    while (at + 1 < tokens.size() && tokens.get(at + 1).isContent()) {
      at++;
    }
    return tokens.get(at).stem();
  }

  /** "How many euros is a dollar" against "how many dollars is a euro". */
  private static boolean counted(Alignment pair) {
    String a = counted(pair.a);
    String b = counted(pair.b);
    return !a.isEmpty() && !b.isEmpty() && !a.equals(b) && hasStem(pair.a, b) && hasStem(pair.b, a);
  }

  private static String counted(List<Token> tokens) {
    boolean open = false;
    for (Token token : tokens) {
      if (open && token.isContent()) {
        return token.stem();
      }
      open |= token.lower().equals("many") || token.lower().equals("much");
    }
    return "";
  }

  private static boolean hasStem(List<Token> tokens, String stem) {
    return tokens.stream().anyMatch(token -> token.stem().equals(stem));
  }

  private static boolean isSymmetric(List<Token> tokens) {
    return tokens.stream()
        .anyMatch(token -> SYMMETRIC.contains(token.stem()) || SYMMETRIC.contains(token.lower()));
  }

  /** X does Y against Y does X: two words on either side of a third have changed places. */
  private static boolean turned(Alignment pair) {
    List<String> a = contents(pair.a);
    List<String> b = contents(pair.b);
    boolean passive = says(pair.a, "by") != says(pair.b, "by");
    for (int i = 0; i + 2 < a.size(); i++) {
      for (int j = 0; j + 2 < b.size(); j++) {
        boolean turned =
            a.get(i).equals(b.get(j + 2))
                && a.get(i + 1).equals(b.get(j + 1))
                && a.get(i + 2).equals(b.get(j))
                && !a.get(i).equals(a.get(i + 1))
                && !a.get(i + 1).equals(a.get(i + 2))
                && !a.get(i).equals(a.get(i + 2));
        if (turned && !passive) {
          return true;
        }
      }
    }
    return false;
  }

  private static List<String> contents(List<Token> tokens) {
    List<String> stems = new ArrayList<>();
    for (Token token : tokens) {
      if (token.isContent()) {
        stems.add(token.stem());
      }
    }
    return stems;
  }

  /** Something that only one side says stands behind a word that makes conditions. */
  private static boolean conditional(List<Token> side, List<Token> alone, List<Token> other) {
    int open = 0;
    for (Token token : side) {
      boolean opens = CONDITIONS.contains(token.lower()) && !says(other, token.lower());
      open = opens ? CLAUSE_WORDS : open - 1;
      if (open > 0 && !token.aside() && alone.contains(token)) {
        return true;
      }
    }
    return false;
  }
}
