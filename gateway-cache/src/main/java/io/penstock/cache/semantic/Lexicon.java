package io.penstock.cache.semantic;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What words have to do with each other: base forms, synonyms, derivations and opposites of
 * English, from WordNet 3.1 and a list of our own. Words are compared by stem. Immutable.
 */
final class Lexicon {
  private static final String[] OPPOSITES = {
    "enable disable",
    "cancel renew",
    "import export",
    "login logout",
    "encrypt decrypt",
    "encode decode",
    "buy sell",
    "upload download",
    "minimum maximum",
    "min max",
    "increase decrease",
    "more less",
    "more fewer",
    "first last",
    "above below",
    "inside outside",
    "add remove",
    "add delete",
    "start stop",
    "start end",
    "start finish",
    "begin end",
    "open close",
    "install uninstall",
    "subscribe unsubscribe",
    "lock unlock",
    "block unblock",
    "send receive",
    "deposit withdraw",
    "credit debit",
    "lend borrow",
    "push pull",
    "get put",
    "read write",
    "serialize deserialize",
    "compress decompress",
    "mount unmount",
    "activate deactivate",
    "create delete",
    "create destroy",
    "accept reject",
    "approve reject",
    "allow deny",
    "allow forbid",
    "allow block",
    "grant revoke",
    "include exclude",
    "attach detach",
    "connect disconnect",
    "join leave",
    "hire fire",
    "win lose",
    "pass fail",
    "gain lose",
    "best worst",
    "good bad",
    "better worse",
    "high low",
    "higher lower",
    "highest lowest",
    "large small",
    "larger smaller",
    "largest smallest",
    "big small",
    "bigger smaller",
    "biggest smallest",
    "long short",
    "longer shorter",
    "longest shortest",
    "fast slow",
    "faster slower",
    "fastest slowest",
    "old new",
    "old young",
    "older younger",
    "oldest newest",
    "oldest youngest",
    "early late",
    "earliest latest",
    "cheap expensive",
    "cheapest expensive",
    "easy hard",
    "easy difficult",
    "hot cold",
    "hottest coldest",
    "top bottom",
    "upper lower",
    "left right",
    "front back",
    "east west",
    "north south",
    "northern southern",
    "eastern western",
    "male female",
    "man woman",
    "husband wife",
    "mother father",
    "son daughter",
    "brother sister",
    "public private",
    "internal external",
    "input output",
    "inbound outbound",
    "incoming outgoing",
    "horizontal vertical",
    "row column",
    "ascending descending",
    "positive negative",
    "true false",
    "advantage disadvantage",
    "pro con",
    "benefit risk",
    "benefit drawback",
    "strength weakness",
    "cause effect",
    "cause treatment",
    "cause prevent",
    "treat prevent",
    "symptom treatment",
    "employer employee",
    "teacher student",
    "doctor patient",
    "landlord tenant",
    "buyer seller",
    "client server",
    "parent child",
    "plus minus",
    "multiply divide",
    "sunrise sunset",
    "arrive depart",
    "arrival departure",
    "sync async",
    "synchronous asynchronous",
    "stack heap",
    "temporary permanent",
    "optional mandatory",
    "optional required",
    "legal illegal",
    "safe dangerous",
    "raw cooked",
    "wet dry",
    "hard soft",
    "full empty",
    "single married",
    "rich poor",
    "strong weak",
    "strongest weakest",
    "most least",
    "majority minority",
    "virtual physical",
    "domestic international",
    "import drop",
    "up down",
    "on off",
    "before after",
    "over under",
    "freeze unfreeze",
    "freeze thaw",
    "raise lower",
    "rise fall",
    "expand shrink",
    "expand contract",
    "import exports",
    "morning evening",
    "day night",
    "summer winter",
  };

  private final Map<String, String> bases = new HashMap<>();
  private final Set<String> synonyms = new HashSet<>();
  private final Set<String> derived = new HashSet<>();
  private final Set<String> opposites = new HashSet<>();

  private Lexicon() {}

  /** Reads the shipped lexicon. */
  static Lexicon load() throws IOException {
    Lexicon lexicon = new Lexicon();
    try (InputStream in = Lexicon.class.getResourceAsStream("lexicon.txt")) {
      if (in == null) {
        throw new IOException("lexicon.txt is not on the class path");
      }
      BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        lexicon.add(line.split(" "));
      }
    }
    for (String pair : OPPOSITES) {
      String[] words = pair.split(" ");
      lexicon.opposites.add(pair(lexicon.stem(words[0]), lexicon.stem(words[1])));
    }
    return lexicon;
  }

  private void add(String[] fields) {
    switch (fields[0]) {
      case "I" -> bases.put(fields[1], fields[2]);
      case "S" -> synonyms.add(pair(stem(fields[1]), stem(fields[2])));
      case "D" -> derived.add(pair(stem(fields[1]), stem(fields[2])));
      case "A" -> opposites.add(pair(stem(fields[1]), stem(fields[2])));
      default -> throw new IllegalArgumentException("lexicon: " + fields[0] + " (expected: ISDA)");
    }
  }

  private static String pair(String a, String b) {
    return a.compareTo(b) < 0 ? a + ' ' + b : b + ' ' + a;
  }

  /** Returns whether two stems share one of their common senses. */
  boolean isSynonym(String a, String b) {
    return synonyms.contains(pair(a, b));
  }

  /** Returns whether one stem is made from the other, as teach and teacher. */
  boolean isDerived(String a, String b) {
    return derived.contains(pair(a, b)) || isSuffixed(a, b) || isSuffixed(b, a);
  }

  private static boolean isSuffixed(String word, String longer) {
    return word.length() >= 4
        && longer.startsWith(word)
        && Set.of("er", "or", "ment", "ion", "ation", "ly", "al", "ity", "anc", "enc")
            .contains(longer.substring(word.length()));
  }

  /** Returns whether two stems are opposites. */
  boolean isOpposite(String a, String b) {
    return opposites.contains(pair(a, b)) || isNegated(a, b) || isNegated(b, a);
  }

  private static boolean isNegated(String word, String negated) {
    if (word.length() < 3 || negated.length() <= word.length() || !negated.endsWith(word)) {
      return false;
    }
    String prefix = negated.substring(0, negated.length() - word.length());
    return Set.of(
            "un", "in", "im", "ir", "il", "dis", "non", "de", "a", "anti", "mis", "hypo", "hyper")
        .contains(prefix);
  }

  /** Returns the stem of a lower-case word: its base form, then common endings cut. */
  String stem(String word) {
    String base = bases.getOrDefault(word, word);
    if (!base.equals(word) || base.length() <= 3) {
      return cutE(base);
    }
    if (base.endsWith("'s")) {
      base = base.substring(0, base.length() - 2);
    }
    if (base.endsWith("ies") && base.length() > 4) {
      return base.substring(0, base.length() - 3) + "y";
    }
    if (base.endsWith("sses") || base.matches(".*(ch|sh|x|z)es")) {
      return base.substring(0, base.length() - 2);
    }
    if (base.endsWith("s") && !base.matches(".*(ss|us|is)")) {
      return cutE(base.substring(0, base.length() - 1));
    }
    if (base.endsWith("ied") && base.length() > 4) {
      return base.substring(0, base.length() - 3) + "y";
    }
    for (String ending : new String[] {"ing", "ed"}) {
      String rest = base.substring(0, Math.max(0, base.length() - ending.length()));
      if (base.endsWith(ending) && rest.length() >= 3 && rest.matches(".*[aeiouy].*")) {
        return cutE(undouble(rest));
      }
    }
    return cutE(base);
  }

  private static String undouble(String word) {
    int n = word.length();
    boolean doubled = word.charAt(n - 1) == word.charAt(n - 2);
    return doubled && "bdgmnprt".indexOf(word.charAt(n - 1)) >= 0 ? word.substring(0, n - 1) : word;
  }

  private static String cutE(String word) {
    return word.length() > 3 && word.endsWith("e") ? word.substring(0, word.length() - 1) : word;
  }
}
