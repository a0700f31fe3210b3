package io.penstock.cache.semantic;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the learned model sees of two texts. Every feature has a direction in which it speaks for
 * the pair, so that the model may be held to it.
 */
final class PairFeatures {
  /** Names, and whether more speaks for (+), against (-) or either way (0). */
  static final String[] NAMES = {
    "similarity+",
    "second_similarity+",
    "lower_similarity+",
    "stem_overlap+",
    "weighted_overlap+",
    "alone_weight_max-",
    "alone_weight_min-",
    "alone_rarest-",
    "alone_count_max-",
    "alone_count_min-",
    "loose-",
    "inversions-",
    "question_agrees+",
    "length_ratio+",
    "trigrams+",
    "function_overlap+",
    "same_words+",
    "named_alone-",
    "aside_alone0",
    "verb_first_agrees+",
    "words0",
    "head_matched+",
    "tail_matched+",
    "content_words0",
    "substitutions-",
  };

  private PairFeatures() {}

  /** Returns +1, -1 or 0: the direction of a feature. */
  static int direction(int feature) {
    String name = NAMES[feature];
    return switch (name.charAt(name.length() - 1)) {
      case '+' -> 1;
      case '-' -> -1;
      default -> 0;
    };
  }

  static double[] of(Alignment pair, double similarity, double second, WordPiece words) {
    List<Token> aloneA = inText(pair.alone(true));
    List<Token> aloneB = inText(pair.alone(false));
    double weightA = weight(aloneA, words);
    double weightB = weight(aloneB, words);
    double total = Math.max(0.1, weight(contents(pair.a), words) + weight(contents(pair.b), words));
    int countA = contents(pair.a).size();
    int countB = contents(pair.b).size();
    double[] f = new double[NAMES.length];
    f[0] = similarity;
    f[1] = second;
    f[2] = Math.min(similarity, second);
    f[3] = 1 - (double) (aloneA.size() + aloneB.size()) / Math.max(1, countA + countB);
    f[4] = 1 - (weightA + weightB) / total;
    f[5] = Math.max(weightA, weightB);
    f[6] = Math.min(weightA, weightB);
    f[7] = Math.max(rarest(aloneA, words), rarest(aloneB, words));
    f[8] = Math.max(aloneA.size(), aloneB.size());
    f[9] = Math.min(aloneA.size(), aloneB.size());
    f[10] = pair.loose;
    f[11] = pair.inversions();
    f[12] = Questions.agreement(pair.a, pair.b);
    f[13] =
        (double) Math.min(pair.a.size(), pair.b.size())
            / Math.max(1, Math.max(pair.a.size(), pair.b.size()));
    f[14] = jaccard(trigrams(pair.a), trigrams(pair.b));
    f[15] = jaccard(functions(pair.a), functions(pair.b));
    f[16] = aloneA.isEmpty() && aloneB.isEmpty() ? 1 : 0;
    f[17] = named(aloneA) + named(aloneB);
    f[18] = pair.alone(true).size() + pair.alone(false).size() - aloneA.size() - aloneB.size();
    f[19] = same(first(pair.a), first(pair.b));
    f[20] = Math.max(pair.a.size(), pair.b.size());
    f[21] = (edge(pair.a, pair.ofA, true) + edge(pair.b, pair.ofB, true)) / 2;
    f[22] = (edge(pair.a, pair.ofA, false) + edge(pair.b, pair.ofB, false)) / 2;
    f[23] = Math.min(countA, countB);
    f[24] = pair.substitutions();
    return f;
  }

  private static List<Token> inText(List<Token> tokens) {
    return tokens.stream().filter(token -> !token.aside()).toList();
  }

  private static List<Token> contents(List<Token> tokens) {
    return tokens.stream().filter(token -> token.isContent() && !token.aside()).toList();
  }

  private static double weight(List<Token> tokens, WordPiece words) {
    return tokens.stream().mapToDouble(token -> words.rarity(token.lower())).sum();
  }

  private static double rarest(List<Token> tokens, WordPiece words) {
    return tokens.stream().mapToDouble(token -> words.rarity(token.lower())).max().orElse(0);
  }

  private static double named(List<Token> tokens) {
    return tokens.stream().filter(Token::named).count();
  }

  private static String first(List<Token> tokens) {
    return tokens.isEmpty() ? "" : tokens.getFirst().stem();
  }

  private static double same(String x, String y) {
    return x.equals(y) ? 1 : 0;
  }

  /** Whether the first or last content word has a partner. */
  private static double edge(List<Token> side, int[] of, boolean fromStart) {
    for (int k = 0; k < side.size(); k++) {
      int i = fromStart ? k : side.size() - 1 - k;
      if (side.get(i).isContent() && !side.get(i).aside()) {
        return of[i] >= 0 ? 1 : 0;
      }
    }
    return 0;
  }

  private static Set<String> functions(List<Token> tokens) {
    Set<String> set = new HashSet<>();
    for (Token token : tokens) {
      if (!token.isContent()) {
        set.add(token.stem());
      }
    }
    return set;
  }

  private static Set<String> trigrams(List<Token> tokens) {
    Set<String> set = new HashSet<>();
    for (Token token : contents(tokens)) {
      String padded = ' ' + token.lower() + ' ';
      for (int i = 0; i + 3 <= padded.length(); i++) {
        set.add(padded.substring(i, i + 3));
      }
    }
    return set;
  }

  private static double jaccard(Set<String> a, Set<String> b) {
    Set<String> common = new HashSet<>(a);
    common.retainAll(b);
    int all = a.size() + b.size() - common.size();
    return all == 0 ? 1 : (double) common.size() / all;
  }
}
