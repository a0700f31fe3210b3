package io.penstock.server.config.value;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An address that may carry a password or a token: {@code toString} keeps scheme, host and port,
 * and the path where it holds no secret (not for http and https: webhooks hide a token there). What
 * does not look like an address is stars: it may be the password alone, or words that hold one.
 */
public final class SecretUrl {
  /** A proxy, which the one who asks it may name without a scheme, or a file of rows. */
  private static final Pattern NO_SCHEME =
      Pattern.compile("[^@]*@[A-Za-z0-9.-]+(:[0-9]+)?|[A-Za-z0-9_./-]+\\.(jsonl|ndjson|json|log)");

  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:,*\\[\\]-]*");

  private static final Pattern PATH = Pattern.compile("[A-Za-z0-9._~%/#-]*");

  private final String value;

  private SecretUrl(String value) {
    this.value = value;
  }

  /** Wraps the address as it is written. */
  public static SecretUrl of(String value) {
    return new SecretUrl(value);
  }

  /** Returns the address itself, for the one place that connects to it. */
  public String reveal() {
    return value;
  }

  /** Returns the scheme in lower case with everything up to the first colon, "" without one. */
  public String scheme() {
    int colon = value.indexOf(':');
    return colon < 0 ? "" : value.substring(0, colon).toLowerCase(Locale.ROOT);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SecretUrl url && value.equals(url.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    int authority = value.indexOf("://");
    if (authority < 0 && value.startsWith("sqlite:")) {
      return withoutQuery(value);
    }
    if (authority < 0 && !NO_SCHEME.matcher(value).matches()) {
      return Secret.MASK;
    }
    int start = authority < 0 ? 0 : authority + 3;
    int end = endOfAuthority(start);
    int at = value.lastIndexOf('@', end - 1);
    if (value.indexOf('@', end) >= 0) {
      // A password with a / or ? that is not encoded, maybe with an @ too: nobody can say where it
      // ends.
      return value.substring(0, start) + Secret.MASK;
    }
    String host = value.substring(at >= start ? at + 1 : start, end);
    String shownHost =
        (at >= start ? Secret.MASK + "@" : "")
            + (HOST.matcher(host).matches() ? host : Secret.MASK);
    String rest = value.substring(end);
    if (scheme().startsWith("http")) {
      rest = rest.length() <= 1 ? rest : "/" + Secret.MASK;
    }
    return value.substring(0, start) + shownHost + plain(withoutQuery(rest));
  }

  private static String plain(String rest) {
    boolean plain = rest.endsWith(Secret.MASK) || PATH.matcher(rest).matches();
    return plain ? rest : "/" + Secret.MASK;
  }

  private int endOfAuthority(int start) {
    int end = start;
    while (end < value.length() && "/?#".indexOf(value.charAt(end)) < 0) {
      end++;
    }
    return end;
  }

  private static String withoutQuery(String text) {
    int query = text.indexOf('?');
    return query < 0 ? text : text.substring(0, query) + "?" + Secret.MASK;
  }
}
