package io.penstock.cache.semantic;

import java.util.List;

/** Small questions about a list of words. */
final class Tokens {
  private Tokens() {}

  static boolean says(List<Token> tokens, String word) {
    return tokens.stream().anyMatch(token -> token.lower().equals(word));
  }

  /** Returns the word at a place in lower case; "" beyond the end. */
  static String lower(List<Token> tokens, int at) {
    return at < tokens.size() ? tokens.get(at).lower() : "";
  }
}
