package io.penstock.server.config.load;

import io.penstock.server.config.value.Secret;
import java.util.regex.Pattern;

/**
 * What a message may show of a text that somebody may have put where it is not due: no key, no
 * password, one line. Stateless.
 */
final class Shown {
  /** Longer ones are no words that were meant to be something, but what is read from a file. */
  private static final int LONGEST = 1000;

  private static final Pattern LINES = Pattern.compile("[\\r\\n]|-----BEGIN|[A-Za-z0-9+/=]{200,}");

  private static final Pattern PASSWORD =
      Pattern.compile(
          "(?i)((?:password|passwd|pwd|secret|token|api[-_]?key|[?&][a-z_-]+)=)(?!=)[^&\\s\"')]+");

  private static final Pattern USER = Pattern.compile("(://)[^\\s\"']*@");

  /** How those who give keys out let them begin, and JWTs. */
  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<![A-Za-z0-9])((?:sk|pk|rk|gsk|ghp|xox[a-z]|hf|r8|pplx|xai|nvapi)[-_]|AIza|AKIA|eyJ)"
              + "[A-Za-z0-9_.+/=-]{6,}");

  private static final Pattern HOOK =
      Pattern.compile("(https://(?:hooks|discord|[a-z0-9.-]*webhook)[^/\\s]*/)[^\\s\"']+");

  private static final Pattern WORD = Pattern.compile("[a-z_]{1,24}");

  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,39}");

  private Shown() {}

  /** Returns the text without what is recognised as a secret. */
  static String of(String text) {
    if (text.length() > LONGEST || LINES.matcher(text).find()) {
      return kind(text);
    }
    String shown = USER.matcher(text).replaceAll("$1" + Secret.MASK + "@");
    shown = PASSWORD.matcher(shown).replaceAll("$1" + Secret.MASK);
    shown = HOOK.matcher(shown).replaceAll("$1" + Secret.MASK);
    return TOKEN.matcher(shown).replaceAll("$1" + Secret.MASK);
  }

  /** Returns what can be said of a text that may be anything. */
  static String kind(String text) {
    long lines = text.strip().lines().count();
    return "a text of "
        + text.length()
        + (text.length() == 1 ? " character" : " characters")
        + (lines > 1 ? " on " + lines + " lines" : "");
  }

  /**
   * Returns a key that nobody knows: {@code sk-...} alone in braces is a key without a value, and a
   * text that is no name may be anything.
   *
   * @param near whether it is close to a key that is known
   */
  static String key(String name, Node value, boolean near) {
    boolean bare = value instanceof Node.Scalar scalar && scalar.isNull();
    boolean shown = bare ? near && WORD.matcher(name).matches() : NAME.matcher(name).matches();
    return shown ? name : Secret.MASK;
  }
}
