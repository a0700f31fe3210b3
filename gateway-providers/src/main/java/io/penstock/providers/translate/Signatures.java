package io.penstock.providers.translate;

import io.penstock.core.Dialect;
import org.jspecify.annotations.Nullable;

/**
 * Signatures of thoughts on their way through a client of another dialect. They are tagged with the
 * dialect that issued them, so that they come back to their own provider and are never shown to
 * another one, which would refuse them.
 */
final class Signatures {
  private static final String PREFIX = "penstock.";

  private Signatures() {}

  static String tag(Dialect issuer, String signature) {
    return PREFIX + issuer.label() + "." + signature;
  }

  /** Returns the bare signature when that dialect issued it, else null. */
  static @Nullable String untag(Dialect issuer, @Nullable String tagged) {
    String prefix = PREFIX + issuer.label() + ".";
    return tagged != null && tagged.startsWith(prefix) ? tagged.substring(prefix.length()) : null;
  }
}
