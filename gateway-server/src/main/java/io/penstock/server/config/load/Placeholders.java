package io.penstock.server.config.load;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How other tools write a variable, where a key stands in the file itself. Stateless. */
final class Placeholders {
  /**
   * Only names as variables have them, so that a key which merely begins like one is a key, and the
   * name may be shown.
   */
  private static final Pattern PLACEHOLDER =
      Pattern.compile(
          "\\$([A-Z_][A-Z0-9_]*)|\\$\\(([A-Z_][A-Z0-9_]*)\\)|os\\.environ/([A-Za-z_][A-Za-z0-9_]*)"
              + "|\\{\\{ *([A-Za-z_.$][A-Za-z0-9_.]*) *}}");

  private Placeholders() {}

  /**
   * Returns how the variable is written here, or null when it is none.
   *
   * @param text as it stands in the file: what a variable or a file holds is a key, however it
   *     looks
   */
  static @Nullable String meant(String text) {
    Matcher matcher = PLACEHOLDER.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    String name = "";
    for (int i = 1; i <= matcher.groupCount(); i++) {
      name = matcher.group(i) == null ? name : matcher.group(i);
    }
    return "\"${" + name.substring(name.lastIndexOf('.') + 1) + "}\"";
  }
}
