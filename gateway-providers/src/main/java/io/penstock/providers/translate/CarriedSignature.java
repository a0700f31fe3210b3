package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * A signature of Gemini's that clients hold apart from its part, until the part is known. It
 * belongs to the part behind it, most often a call; one without a thought, which the answer told
 * behind a text, to that text, unless a call follows that has no other. Belongs to one turn.
 */
final class CarriedSignature {
  /** The field of a part that has one. */
  static final String FIELD = "thoughtSignature";

  /** What Gemini 3 takes instead of a signature that got lost on the way. */
  static final String NONE = "skip_thought_signature_validator";

  private final ArrayNode parts;
  private @Nullable String signature;

  /** The part before it that may be its own. */
  private @Nullable ObjectNode before;

  CarriedSignature(ArrayNode parts) {
    this.parts = parts;
  }

  /**
   * The next signature of the turn.
   *
   * @param bare whether it has no thought of its own
   */
  void carry(String next, boolean bare) {
    settle();
    signature = next;
    ObjectNode last = last();
    before = bare && last != null && !isSigned(last) ? last : null;
  }

  private @Nullable ObjectNode last() {
    return parts.isEmpty() ? null : (ObjectNode) parts.get(parts.size() - 1);
  }

  private static boolean isSigned(ObjectNode part) {
    return part.has(FIELD) || part.has("functionCall");
  }

  /** Returns the signature of a call that follows, which may have its own; null for none. */
  @Nullable String ofCall(@Nullable String own) {
    if (own != null) {
      settle();
      return own;
    }
    String carried = signature;
    signature = null;
    return carried;
  }

  /** Another part is about to follow. */
  void behind() {
    if (before != null) {
      settle();
    }
  }

  /** That part is written. */
  void written() {
    ObjectNode part = last();
    if (signature != null && part != null) {
      part.put(FIELD, signature);
      signature = null;
    }
  }

  /** Media of a model's own without a signature say so, without which Gemini 3 refuses them. */
  static void lacking(ArrayNode parts) {
    for (JsonNode part : parts) {
      if ((part.has("inlineData") || part.has("fileData")) && !part.has(FIELD)) {
        ((ObjectNode) part).put(FIELD, NONE);
      }
    }
  }

  /** Gives the signature to the part before it, if it may be that part's; else it is lost. */
  void settle() {
    if (before != null && signature != null) {
      before.put(FIELD, signature);
    }
    signature = null;
    before = null;
  }
}
