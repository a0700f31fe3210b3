package io.penstock.server.config.value;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** A text that never reaches a log, an error, a metric or a row: {@code toString} is stars. */
public final class Secret {
  /** No secret at all. */
  public static final Secret NONE = new Secret("", "");

  public static final String MASK = "****";

  private final String value;
  private final String missing;

  private Secret(String value, String missing) {
    this.value = value;
    this.missing = missing;
  }

  /** Wraps the text. */
  public static Secret of(String value) {
    return value.isEmpty() ? NONE : new Secret(value, "");
  }

  /** Returns no secret, as {@link #NONE}, which says what would be one. */
  public static Secret missing(String expected) {
    return new Secret("", expected);
  }

  /** Returns what would be a secret, "" when nobody knows. */
  public String missing() {
    return missing;
  }

  /** Returns the text itself, for the one place that must send it. */
  public String reveal() {
    return value;
  }

  /** Returns whether there is nothing. */
  public boolean isEmpty() {
    return value.isEmpty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Secret secret
        && MessageDigest.isEqual(
            value.getBytes(StandardCharsets.UTF_8), secret.value.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return value.isEmpty() ? "" : MASK;
  }
}
