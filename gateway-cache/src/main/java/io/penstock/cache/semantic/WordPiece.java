package io.penstock.cache.semantic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The uncased WordPiece tokenizer of BERT models, its vocabulary read from a {@code
 * tokenizer.json}. Immutable.
 */
final class WordPiece {
  private static final int MAX_WORD_CHARS = 100;

  /** Ids below this are special tokens and single characters. */
  private static final int FIRST_WORD_ID = 1996;

  private final Map<String, Integer> vocabulary;
  private final int unknown;
  private final int start;
  private final int end;

  private WordPiece(Map<String, Integer> vocabulary) {
    this.vocabulary = vocabulary;
    this.unknown = required("[UNK]");
    this.start = required("[CLS]");
    this.end = required("[SEP]");
  }

  private int required(String token) {
    Integer id = vocabulary.get(token);
    if (id == null) {
      throw new IllegalArgumentException("the vocabulary has no " + token);
    }
    return id;
  }

  /** Reads the vocabulary from a class path resource. */
  static WordPiece load(String resource) throws IOException {
    try (InputStream in = WordPiece.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException(resource + " is not on the class path");
      }
      JsonNode vocab = new ObjectMapper().readTree(in).path("model").path("vocab");
      Map<String, Integer> map = HashMap.newHashMap(vocab.size());
      vocab.properties().forEach(entry -> map.put(entry.getKey(), entry.getValue().asInt()));
      return new WordPiece(map);
    }
  }

  /** Returns the ids of the text between start and end marks, at most {@code max} of them. */
  long[] encode(String text, int max) {
    long[] ids = new long[max];
    int n = 0;
    ids[n++] = start;
    for (String word : words(text)) {
      for (int id : pieces(word)) {
        if (n < max - 1) {
          ids[n++] = id;
        }
      }
      if (n >= max - 1) {
        break;
      }
    }
    ids[n++] = end;
    return Arrays.copyOf(ids, n);
  }

  /**
   * Returns how rare a word is, 0..1: the vocabulary is in order of frequency, and a word that it
   * lacks is rarest.
   */
  double rarity(String word) {
    Integer id = vocabulary.get(word);
    if (id == null) {
      return 1;
    }
    double rank = Math.max(1, id - FIRST_WORD_ID);
    return Math.min(0.95, Math.log(rank) / Math.log(30_000));
  }

  private List<Integer> pieces(String word) {
    if (word.length() > MAX_WORD_CHARS) {
      return List.of(unknown);
    }
    List<Integer> pieces = new ArrayList<>(2);
    int from = 0;
    while (from < word.length()) {
      int to = word.length();
      Integer id = null;
      while (to > from && id == null) {
        String piece = (from == 0 ? "" : "##") + word.substring(from, to);
        id = vocabulary.get(piece);
        to--;
      }
      if (id == null) {
        return List.of(unknown);
      }
      pieces.add(id);
      from = to + 1;
    }
    return pieces;
  }

  private static List<String> words(String text) {
    String plain = Normalizer.normalize(text.toLowerCase(Locale.ROOT), Normalizer.Form.NFD);
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    plain
        .codePoints()
        .forEach(c -> {
          if (Character.getType(c) == Character.NON_SPACING_MARK) {
            return;
          }
          boolean single = isPunctuation(c) || Character.isIdeographic(c);
          if (single || Character.isWhitespace(c) || Character.isISOControl(c)) {
            flush(word, words);
          }
          if (single) {
            words.add(Character.toString(c));
          } else if (!Character.isWhitespace(c) && !Character.isISOControl(c)) {
            word.appendCodePoint(c);
          }
        });
    flush(word, words);
    return words;
  }

  private static void flush(StringBuilder word, List<String> words) {
    if (!word.isEmpty()) {
      words.add(word.toString());
      word.setLength(0);
    }
  }

  private static boolean isPunctuation(int c) {
    if (c < 128) {
      return c > ' ' && !Character.isLetterOrDigit(c);
    }
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }
}
