package io.penstock.cache.semantic;

/**
 * A word of a text.
 *
 * @param text as written
 * @param lower in lower case, contractions opened
 * @param stem for comparison
 * @param kind what it is to the verifier
 * @param aside whether it stands in parentheses
 * @param named whether it is written with a capital that no sentence start explains
 */
record Token(String text, String lower, String stem, Kind kind, boolean aside, boolean named) {
  enum Kind {
    /** Carries meaning. */
    CONTENT,
    /** Grammar: articles, pronouns, auxiliaries, prepositions. */
    FUNCTION,
    /** Asks: what, who, when. */
    QUESTION,
    /** A quantity, its value in {@code stem}. */
    NUMBER,
    /** An identifier, symbol or path: equal only when written the same. */
    CODE
  }

  boolean isContent() {
    return kind == Kind.CONTENT || kind == Kind.CODE;
  }
}
