package io.penstock.cache.semantic;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The third gate: whether the answer to one question is right for another. Immutable; a judgement
 * takes well under a millisecond besides the embeddings.
 */
final class Verifier {
  /** Changes whenever a judgement may: part of every partition. */
  static final String VERSION = "3";

  /** Longer texts are not read. */
  static final int MAX_CHARS = 2_000;

  private final Phrases phrases;
  private final Lexicon lexicon;
  private final WordPiece words;
  private final Trees trees;

  Verifier(Lexicon lexicon, WordPiece words, Trees trees) {
    this.phrases = new Phrases(lexicon);
    this.lexicon = lexicon;
    this.words = words;
    this.trees = trees;
  }

  /** Loads the shipped model. */
  static Verifier load(WordPiece words) throws IOException {
    return new Verifier(Lexicon.load(), words, Trees.load("verifier.txt"));
  }

  /**
   * A judgement.
   *
   * @param score how sure, 0..1
   * @param veto why it cannot be, or null
   */
  record Verdict(double score, @Nullable String veto) {
    static final Verdict IDENTICAL = new Verdict(1, null);

    static Verdict vetoed(String why) {
      return new Verdict(0, why);
    }
  }

  /** Two texts made ready: the reading of each nearest to the other, and what corresponds. */
  Alignment align(String a, String b) {
    List<Token> wordsA = phrases.of(a);
    List<Token> wordsB = phrases.of(b);
    Repairs.Reading readA = Repairs.read(wordsA, wordsB);
    Repairs.Reading readB = Repairs.read(wordsB, readA.tokens());
    List<Token> meant = new ArrayList<>(readA.meant());
    meant.addAll(readB.meant());
    return new Alignment(readA.tokens(), readB.tokens(), meant, lexicon);
  }

  /** Returns a verdict that needs no similarity, or null when the model must decide. */
  @Nullable Verdict beforeModel(String a, String b, Alignment pair) {
    if (plain(a).equals(plain(b))) {
      return Verdict.IDENTICAL;
    }
    if (Math.max(a.length(), b.length()) > MAX_CHARS) {
      return Verdict.vetoed("length");
    }
    String language = Languages.of(a);
    if (!language.equals(Languages.of(b)) || !language.equals(Languages.ENGLISH)) {
      return Verdict.vetoed("language of the question");
    }
    String veto = Vetoes.find(pair);
    return veto == null ? null : Verdict.vetoed(veto);
  }

  double[] features(Alignment pair, double similarity, double second) {
    // A text read past a correction is not the one that was embedded.
    double read = pair.meant.isEmpty() ? 0 : Math.pow(Repairs.likeness(pair.a, pair.b), 2);
    return PairFeatures.of(pair, Math.max(similarity, read), Math.max(second, read), words);
  }

  Verdict byModel(Alignment pair, double similarity, double second) {
    return new Verdict(trees.probability(features(pair, similarity, second)), null);
  }

  /** Two spellings that differ in spaces and closing punctuation only. */
  private static String plain(String text) {
    return text.strip().replaceAll("\\s+", " ").replaceAll("[ ?.!]+$", "").toLowerCase(Locale.ROOT);
  }
}
