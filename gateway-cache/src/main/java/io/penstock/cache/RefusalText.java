package io.penstock.cache;

import java.util.regex.Pattern;

/**
 * Refusals in a model's own words, where no field says so. Only short answers that begin with one:
 * an answer that is taken for a refusal is not kept, which costs a call.
 */
final class RefusalText {
  private static final int LONGEST_CHARS = 500;

  private static final Pattern REFUSED =
      Pattern.compile(
          "\\s*(?:(?:i['\u2019]m|i am)(?: really| very| so| truly)? sorry[,.;]? (?:but )?"
              + "|sorry[,.;]? (?:but )?|i apologi[sz]e[,.;]? (?:but )?|unfortunately[,;]? "
              + "|as an ai(?: [a-z]+){0,3},? )*"
              + "i(?:['\u2019]m| am)?"
              + " (?:can(?:['\u2019]t|not| not)|won['\u2019]t|will not|unable to|not able to"
              + "|not going to|must (?:decline|refuse)|have to (?:decline|refuse)|decline to)"
              + "[^.!?\n]{0,80}\\b(?:help|assist|comply|fulfil|fulfill|support|continue|engage"
              + "|discuss|provide|answer|respond|share|create|generate|produce|write|request"
              + "|do (?:that|this))\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private RefusalText() {}

  /** Returns whether the model says that it will not answer. */
  static boolean is(CharSequence answer) {
    return answer.length() <= LONGEST_CHARS && REFUSED.matcher(answer).matches();
  }
}
