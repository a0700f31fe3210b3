package io.penstock.server.config.value;

import java.util.regex.Pattern;

/**
 * Which headers that an operator configures for a provider are credentials: all are kept secret,
 * but values such as a version or a deployment's name stand in errors and models as well.
 * Stateless.
 */
public final class SecretHeader {
  private static final Pattern NAME =
      Pattern.compile("(?i)auth|key|token|secret|cookie|passw|credential|signature");

  private SecretHeader() {}

  /** Returns whether a header of that name holds a credential. */
  public static boolean is(String name) {
    return NAME.matcher(name).find();
  }
}
