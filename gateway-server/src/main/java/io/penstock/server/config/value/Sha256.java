package io.penstock.server.config.value;

import java.util.Locale;
import java.util.regex.Pattern;

/** The SHA-256 of a key's secret. {@code toString} shows its first eight digits alone. */
public record Sha256(String hex) {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  /** Takes 64 hexadecimal digits; upper case is lowered. */
  public Sha256 {
    hex = hex.toLowerCase(Locale.ROOT);
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException(
          "64 hexadecimal digits, as `penstock key new` prints them");
    }
  }

  @Override
  public String toString() {
    return hex.substring(0, 8) + "...";
  }
}
