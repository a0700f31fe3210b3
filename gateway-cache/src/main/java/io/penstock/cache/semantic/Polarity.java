package io.penstock.cache.semantic;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Yes or no, on or off, before or after: small words that turn a question round. */
final class Polarity {
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
          "unless",
          "non");

  /** Verbs that deny what follows them, whatever their form. */
  private static final Set<String> DENYING =
      Set.of(
          "avoid",
          "avoids",
          "avoided",
          "avoiding",
          "fail",
          "fails",
          "failed",
          "failing",
          "refuse",
          "refuses",
          "refused",
          "refusing",
          "refrain",
          "refrains",
          "neglect",
          "neglects",
          "lack",
          "lacks",
          "lacking",
          "prevent",
          "prevents",
          "prevented",
          "preventing",
          "prohibit",
          "prohibits",
          "prohibited",
          "forbid",
          "forbids",
          "forbidden",
          "forbade");

  /** The same before what somebody does: "stop sending", "keep it from sending". */
  private static final Set<String> ENDING =
      Set.of("stop", "stops", "stopped", "quit", "quits", "cease", "ceases", "keep", "keeps");

  private static final Set<String> AUXILIARIES =
      Set.of(
          "is", "are", "was", "were", "do", "does", "did", "can", "could", "will", "would",
          "should", "has", "have", "had", "must");
  private static final Map<String, String> SIDES =
      Map.ofEntries(
          Map.entry("before", "before"),
          Map.entry("prior", "before"),
          Map.entry("beforehand", "before"),
          Map.entry("after", "after"),
          Map.entry("following", "after"),
          Map.entry("afterwards", "after"),
          Map.entry("during", "during"),
          Map.entry("throughout", "during"),
          Map.entry("amid", "during"),
          Map.entry("above", "above"),
          Map.entry("below", "below"),
          Map.entry("beneath", "below"),
          Map.entry("inside", "inside"),
          Map.entry("outside", "outside"),
          Map.entry("under", "under"),
          Map.entry("over", "over"),
          Map.entry("off", "off"),
          Map.entry("against", "against"));
  private static final Set<Set<String>> PARTICLES =
      Set.of(
          Set.of("on", "off"),
          Set.of("in", "out"),
          Set.of("into", "out"),
          Set.of("onto", "off"),
          Set.of("up", "down"),
          Set.of("upwards", "downwards"),
          Set.of("forward", "backward"),
          Set.of("forwards", "backwards"),
          Set.of("with", "without"),
          Set.of("for", "against"),
          Set.of("toward", "away"),
          Set.of("towards", "away"),
          Set.of("together", "apart"));

  private Polarity() {}

  /** Returns how often a text denies; an even number says yes. */
  static int negations(List<Token> tokens) {
    int n = 0;
    for (int i = 0; i < tokens.size(); i++) {
      String lower = tokens.get(i).lower();
      if (NEGATIONS.contains(lower)) {
        n += isRhetorical(tokens, i) || Tokens.lower(tokens, i + 1).equals("only") ? 0 : 1;
      } else if (DENYING.contains(lower) || (ENDING.contains(lower) && endsDoing(tokens, i))) {
        n++;
      }
    }
    return n;
  }

  /** "Isn't it possible" asks what "is it possible" asks. */
  private static boolean isRhetorical(List<Token> tokens, int at) {
    return at == 1
        && tokens.get(at).lower().equals("not")
        && AUXILIARIES.contains(Tokens.lower(tokens, 0));
  }

  private static boolean endsDoing(List<Token> tokens, int at) {
    boolean keep = tokens.get(at).lower().startsWith("keep");
    if (!keep && Tokens.lower(tokens, at + 1).endsWith("ing")) {
      return true;
    }
    for (int i = at + 1; i < Math.min(tokens.size() - 1, at + 6); i++) {
      if (tokens.get(i).lower().equals("from") && Tokens.lower(tokens, i + 1).endsWith("ing")) {
        return true;
      }
    }
    return false;
  }

  /** Returns on which side of something in time or space. */
  static Set<String> sides(List<Token> tokens) {
    Set<String> sides = new TreeSet<>();
    for (int i = 0; i < tokens.size(); i++) {
      String side = SIDES.get(tokens.get(i).lower());
      boolean adjective = i > 0 && tokens.get(i - 1).lower().equals("the");
      if (side != null && !(adjective && tokens.get(i).lower().equals("following"))) {
        sides.add(side);
      }
    }
    return sides;
  }

  /** "Zoom in" against "zoom out": each side has one end of a pair that the other side lacks. */
  static boolean particlesOppose(List<Token> a, List<Token> b) {
    for (Set<String> pair : PARTICLES) {
      for (String one : pair) {
        for (String other : pair) {
          boolean opposite = !one.equals(other) && Tokens.says(a, one) && Tokens.says(b, other);
          if (opposite && !Tokens.says(a, other) && !Tokens.says(b, one)) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
