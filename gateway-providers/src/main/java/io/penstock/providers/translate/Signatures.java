package io.penstock.providers.translate;

import io.penstock.core.Dialect;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Signatures of thoughts on their way through a client of another dialect. They are tagged with the
 * dialect that issued them, so that they come back to their own provider and are never shown to
 * another one, which would refuse them.
 *
 * <p>Where a client has one field for signatures and opaque thoughts alike, the latter say {@code
 * opaque.} before their tag.
 */
final class Signatures {
  private static final String PREFIX = "penstock.";
  private static final String OPAQUE = "opaque.";

  private Signatures() {}

  static String tag(Dialect issuer, String signature) {
    return PREFIX + issuer.label() + "." + signature;
  }

  /** Returns the tag alone: whose a thought is that has no signature. */
  static String unsigned(Dialect issuer) {
    return tag(issuer, "");
  }

  /** Returns the bare signature when that dialect issued it, else null. */
  static @Nullable String untag(Dialect issuer, @Nullable String tagged) {
    String prefix = PREFIX + issuer.label() + ".";
    if (tagged == null || !tagged.startsWith(prefix) || tagged.length() == prefix.length()) {
      return null;
    }
    return tagged.substring(prefix.length());
  }

  /** Returns whether that dialect issued the thought, so that it may be sent back there. */
  static boolean isOf(Dialect issuer, Part.Thinking thought) {
    return untag(issuer, thought.signature()) != null || untag(issuer, thought.redacted()) != null;
  }

  /** Marks the tagged data of an opaque thought, for a field that may hold a signature too. */
  static String opaque(String tagged) {
    return OPAQUE + tagged;
  }

  /** Returns the thought of a text and what {@link #opaque} or a signature left in that field. */
  static Part.Thinking thought(String text, @Nullable String proof) {
    return proof != null && proof.startsWith(OPAQUE)
        ? new Part.Thinking("", null, proof.substring(OPAQUE.length()))
        : new Part.Thinking(text, proof, null);
  }

  /** Returns the text for a field of bytes, which Gemini's clients decode. */
  static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns what {@link #base64} was given, from either alphabet: SDKs write the other one. A
   * signature that is not the gateway's stays as it is.
   */
  static String ofBase64(String field) {
    try {
      byte[] bytes = Base64.getDecoder().decode(field.replace('-', '+').replace('_', '/'));
      String text = new String(bytes, StandardCharsets.UTF_8);
      return text.startsWith(PREFIX) || text.startsWith(OPAQUE + PREFIX) ? text : field;
    } catch (IllegalArgumentException e) {
      return field;
    }
  }
}
