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

  private static final Pattern KEY =
      Pattern.compile(
          "(?<![A-Za-z0-9])("
              + "([spr]k|csk|xai|pplx|nvapi|gsk|hf|fw|r8|gh[pousr]|github_pat|glpat)[-_]"
              + "([A-Za-z0-9]*[-_])*(?=[A-Za-z]*\\d)(?=\\d*[A-Za-z])[A-Za-z0-9]{12}"
              + "|(AKIA|ASIA)[A-Z0-9]{16}"
              + "|AIza[\\w-]{30}"
              + "|(ya29|AQ)\\.[\\w-]{20}"
              + "|eyJ[\\w-]{8,}\\.[\\w-]{8,}\\.)");

  private KeyShape() {}

  /** Returns whether there is a key in a name of at most some hundred characters. */
  public static boolean isIn(String name) {
    return KEY.matcher(name).find();
  }
}
