package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Who does what to whom, what comes first: the same words with their places exchanged. */
final class Order {
  private static final Set<String> CURRENCIES = Set.of("dollar", "euro", "pound", "yen");
  private static final Set<String> ROLES =
      Set.of(
          "from", "to", "into", "than", "before", "after", "over", "under", "above", "below",
          "against");
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
  private static final Set<String> PLACES = Set.of("of", "on", "in", "at", "with", "for", "by");
  private static final Set<String> DOING = Set.of("do", "does", "did");
  private static final Set<String> SEQUENCE =
      Set.of("then", "afterwards", "subsequently", "finally");

  private Order() {}

  /** Returns whether both say the same words of each other the other way round. */
  static boolean differs(Alignment pair) {
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
    boolean sameWords = pair.alone(true).isEmpty() && pair.alone(false).isEmpty();
    return crossed(pair.a, pair.b)
        || asksDoer(pair.a) && asksDone(pair.b)
        || asksDone(pair.a) && asksDoer(pair.b)
        || (sameWords && (counted(pair) || turned(pair) || resequenced(pair) || exchanged(pair)));
  }

  /** "Who beat her". */
  private static boolean asksDoer(List<Token> tokens) {
    return Tokens.lower(tokens, 0).equals("who") && tokens.size() > 1 && tokens.get(1).isContent();
  }

  /** "Whom did she beat", "who did she beat". */
  private static boolean asksDone(List<Token> tokens) {
    return Tokens.lower(tokens, 0).startsWith("who") && DOING.contains(Tokens.lower(tokens, 1));
  }

  /** "The roof of the house in the park" against "the house of the roof in the park". */
  private static boolean exchanged(Alignment pair) {
    Map<String, String> a = places(pair.a);
    Map<String, String> b = places(pair.b);
    for (Map.Entry<String, String> one : a.entrySet()) {
      for (Map.Entry<String, String> other : a.entrySet()) {
        if (!one.getValue().equals(other.getValue())
            && one.getValue().equals(b.get(other.getKey()))
            && other.getValue().equals(b.get(one.getKey()))) {
          return true;
        }
      }
    }
    return false;
  }

  /** Returns what stands behind each preposition that occurs once. */
  private static Map<String, String> places(List<Token> tokens) {
    Map<String, String> places = new TreeMap<>();
    Set<String> again = new TreeSet<>();
    for (int i = 0; i + 1 < tokens.size(); i++) {
      String word = tokens.get(i).lower();
      if (PLACES.contains(word)) {
        int at = i + 1;
        while (at + 1 < tokens.size() && !tokens.get(at).isContent()) {
          at++;
        }
        if (places.putIfAbsent(word, head(tokens, at)) != null) {
          again.add(word);
        }
      }
    }
    places.keySet().removeAll(again);
    return places;
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
    boolean passive = Tokens.says(pair.a, "by") != Tokens.says(pair.b, "by");
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

  /** "Eat, then brush" against "brush, then eat". */
  private static boolean resequenced(Alignment pair) {
    boolean sequence = pair.a.stream().anyMatch(token -> SEQUENCE.contains(token.lower()));
    return sequence && !contents(pair.a).equals(contents(pair.b));
  }
}
