package io.penstock.core.identity;

import java.util.regex.Pattern;

/**
 * What secrets of gateways and providers look like, for names that clients make up. It is narrow,
 * since a name that it takes for a key is refused: a prefix that is in use, and behind it letters
 * and digits mixed as no model is called. Keys without a prefix cannot be told from names.
 * Stateless.
 */
public final class KeyShape {
  /** What stands in a record in place of a key. */
  public static final String MASK = "(redacted)";

  /** Longer names are no keys, and what looks at them must not take long. */
  private static final int LONGEST = 512;

  /**
   * Keys with a prefix of words that others use as well are long, and mixed as no name is:
   * capitals, small letters and digits in a dozen characters, or a run of 28.
   */
  private static final Pattern KEY =
      Pattern.compile(
          "(?<![A-Za-z0-9])("
              + "(sk|pk|rk|csk|xai|pplx|nvapi|gsk|glpat)[-_](?:[A-Za-z0-9]{1,10}-){0,3}"
              + "(?:(?=\\w{0,11}[a-z])(?=\\w{0,11}[A-Z])(?=\\w{0,11}\\d)\\w{12}[\\w-]{8}"
              + "|(?=[a-z]*\\d)(?=\\d*[a-z])[a-z0-9]{28})"
              + "|(hf|fw|r8|gh[pousr]|github_pat)_[A-Za-z0-9_]{24}"
              + "|(AKIA|ASIA)[A-Z0-9]{16}"
              + "|AIza[\\w-]{30}"
              + "|(ya29|AQ)\\.[\\w-]{20}"
              + "|eyJ[\\w-]{8,}+\\.[\\w-]{8,}+\\.)");

  private KeyShape() {}

  /** Returns whether there is a key in a name; looks at its first 512 characters. */
  public static boolean isIn(String name) {
    String first = name.length() <= LONGEST ? name : name.substring(0, LONGEST);
    return KEY.matcher(first).find();
  }
}
