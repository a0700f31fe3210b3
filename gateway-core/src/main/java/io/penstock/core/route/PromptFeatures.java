package io.penstock.core.route;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What can be counted in a prompt in one pass: length, structure, code, mathematics, constraints,
 * conditions, reasoning verbs, questions. Deterministic; a few microseconds per kilobyte. Only the
 * first {@link #LONGEST_TEXT} characters are read, the length counts whole.
 */
public final class PromptFeatures {
  /** The names of {@link #vector()}'s elements, in order; part of the router file format. */
  public static final List<String> NAMES =
      List.of(
          "log_length",
          "sentences",
          "words_per_sentence",
          "word_length",
          "distinct_words",
          "commas",
          "lines",
          "questions",
          "numbers",
          "operators",
          "code",
          "negations",
          "conditions",
          "comparisons",
          "reasoning",
          "tools");

  private static final int LOG_LENGTH = 0;
  private static final int SENTENCES = 1;
  private static final int WORDS_PER_SENTENCE = 2;
  private static final int WORD_LENGTH = 3;
  private static final int DISTINCT_WORDS = 4;
  private static final int COMMAS = 5;
  private static final int LINES = 6;
  private static final int QUESTIONS = 7;
  private static final int NUMBERS = 8;
  private static final int OPERATORS = 9;
  private static final int CODE = 10;
  private static final int NEGATIONS = 11;
  private static final int CONDITIONS = 12;
  private static final int COMPARISONS = 13;
  private static final int REASONING = 14;
  private static final int TOOLS = 15;

  /** Characters that are looked at. */
  static final int LONGEST_TEXT = 32_768;

  // Closed classes of English grammar, whole: negators with the prepositions of exclusion;
  // subordinating conjunctions with the modals of obligation; quantifying determiners with the
  // words of degree. And the verbs that instructions begin with where a taxonomy of learning goals
  // has analysis, evaluation and creation, with those of programming. None is drawn from a data
  // set.
  private static final Set<String> NEGATIONS_WORDS =
      Set.of(
          "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "cannot",
          "without", "except", "unless");
  private static final Set<String> CONDITIONS_WORDS =
      Set.of(
          "if",
          "whether",
          "when",
          "whenever",
          "while",
          "until",
          "till",
          "once",
          "after",
          "before",
          "since",
          "because",
          "although",
          "though",
          "whereas",
          "provided",
          "assuming",
          "suppose",
          "supposing",
          "otherwise",
          "then",
          "only",
          "must",
          "shall",
          "should");
  private static final Set<String> COMPARISONS_WORDS =
      Set.of(
          "more",
          "most",
          "less",
          "least",
          "fewer",
          "fewest",
          "than",
          "same",
          "different",
          "both",
          "either",
          "each",
          "every",
          "all",
          "any",
          "some",
          "several",
          "many",
          "few",
          "enough",
          "other",
          "another");
  private static final Set<String> REASONING_WORDS =
      Set.of(
          "why",
          "analyse",
          "analyze",
          "appraise",
          "argue",
          "assess",
          "calculate",
          "compare",
          "compute",
          "contrast",
          "critique",
          "debug",
          "deduce",
          "derive",
          "design",
          "diagnose",
          "differentiate",
          "distinguish",
          "estimate",
          "evaluate",
          "examine",
          "explain",
          "formulate",
          "infer",
          "interpret",
          "judge",
          "justify",
          "optimise",
          "optimize",
          "plan",
          "predict",
          "prove",
          "refactor",
          "solve");

  private final double[] values = new double[NAMES.size()];
  private final Set<String> distinct = new HashSet<>();
  private int words;
  private int letters;
  private int sentences;

  private PromptFeatures() {}

  /** Counts a prompt that offers so many tools. */
  public static PromptFeatures of(String prompt, int tools) {
    PromptFeatures features = new PromptFeatures();
    features.read(prompt);
    features.finish(prompt.length(), tools);
    return features;
  }

  /** Returns the features in the order of {@link #NAMES}; a copy. */
  public double[] vector() {
    return Arrays.copyOf(values, values.length);
  }

  /** Returns one feature by its name. */
  public double get(String name) {
    return values[NAMES.indexOf(name)];
  }

  private void read(String text) {
    int end = Math.min(text.length(), LONGEST_TEXT);
    int i = 0;
    while (i < end) {
      char c = text.charAt(i);
      int from = i++;
      if (Character.isLetter(c)) {
        while (i < end && Character.isLetter(text.charAt(i))) {
          i++;
        }
        word(text.substring(from, i).toLowerCase(Locale.ROOT));
      } else if (Character.isDigit(c)) {
        while (i < end && isOfNumber(text, i, end)) {
          i++;
        }
        values[NUMBERS]++;
      } else {
        sign(text, from, end);
      }
    }
  }

  private static boolean isOfNumber(String text, int i, int end) {
    char c = text.charAt(i);
    boolean inside = (c == '.' || c == ',') && i + 1 < end;
    return Character.isDigit(c) || (inside && Character.isDigit(text.charAt(i + 1)));
  }

  private void word(String word) {
    words++;
    letters += word.length();
    distinct.add(word);
    if (NEGATIONS_WORDS.contains(word)) {
      values[NEGATIONS]++;
    } else if (CONDITIONS_WORDS.contains(word)) {
      values[CONDITIONS]++;
    } else if (COMPARISONS_WORDS.contains(word)) {
      values[COMPARISONS]++;
    } else if (REASONING_WORDS.contains(word)) {
      values[REASONING]++;
    }
  }

  private void sign(String text, int at, int end) {
    char c = text.charAt(at);
    boolean last = at + 1 >= end || Character.isWhitespace(text.charAt(at + 1));
    switch (c) {
      case '?' -> {
        values[QUESTIONS]++;
        sentences++;
      }
      case '.', '!' -> sentences += last ? 1 : 0;
      case ',' -> values[COMMAS]++;
      case '\n' -> values[LINES]++;
      case '=', '^', '+', '<', '>', '∑', '∫', '√', '≤', '≥' -> values[OPERATORS]++;
      case '{', '}', ';', '`' -> values[CODE]++;
      default -> {}
    }
  }

  private void finish(int length, int tools) {
    set(LOG_LENGTH, Math.log1p(length));
    set(SENTENCES, sentences);
    set(WORDS_PER_SENTENCE, words / (double) Math.max(1, sentences));
    set(WORD_LENGTH, letters / (double) Math.max(1, words));
    set(DISTINCT_WORDS, distinct.size() / (double) Math.max(1, words));
    set(TOOLS, tools);
  }

  private void set(int name, double value) {
    values[name] = value;
  }
}
