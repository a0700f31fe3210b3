package io.penstock.server.config.schema;

import io.penstock.server.config.schema.Rule.Faults;
import io.penstock.server.config.value.Secret;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What headers a configuration may add to calls. Stateless. */
final class HeaderRules {
  /** A token (RFC 9110, 5.6.2). */
  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /** Who is asked, how the bytes are framed, and what is one connection's alone. */
  private static final Set<String> OURS =
      Set.of(
          "host",
          "content-length",
          "transfer-encoding",
          "content-encoding",
          "accept-encoding",
          "connection",
          "keep-alive",
          "proxy-connection",
          "proxy-authorization",
          "te",
          "trailer",
          "upgrade",
          "expect",
          "http2-settings");

  private HeaderRules() {}

  static void check(Object value, Faults faults) {
    Set<String> seen = new HashSet<>();
    ((Map<?, ?>) value)
        .forEach((key, secret) -> {
          String name = key.toString();
          String lower = name.toLowerCase(Locale.ROOT);
          if (!NAME.matcher(name).matches()) {
            faults.add(name, "\"" + name + "\"", "the name of a header such as x-tenant");
          } else if (OURS.contains(lower)) {
            faults.add(
                name,
                name,
                "no header that names the host, frames the body or is the connection's: the"
                    + " gateway writes those");
          } else if (!seen.add(lower)) {
            faults.add(name, name, "each header once, in whatever case");
          } else if (!isText(((Secret) secret).reveal())) {
            faults.add(
                name,
                Secret.MASK,
                "a text of one line without control characters, of Latin-1 at most");
          }
        });
  }

  private static boolean isText(String value) {
    return value.chars().allMatch(c -> c == '\t' || (c >= 0x20 && c != 0x7f && c <= 0xff));
  }
}
