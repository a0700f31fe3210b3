package io.penstock.cache.semantic;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What lies in the store under a semantic key: the question, its vectors, the answer. The exact
 * cache keeps and guards it like any entry.
 *
 * @param text the question that was answered
 */
record Stored(String text, Packed vectors, Packed answer) {
  /** Bytes that are compared by identity nowhere. */
  static final class Packed {
    private final byte[] bytes;

    Packed(byte[] bytes) {
      this.bytes = bytes;
    }

    byte[] bytes() {
      return bytes;
    }
  }

  byte[] encode() {
    byte[] question = text.getBytes(StandardCharsets.UTF_8);
    byte[] both = vectors.bytes();
    return ByteBuffer.allocate(8 + question.length + both.length + answer.bytes().length)
        .putInt(question.length)
        .put(question)
        .putInt(both.length)
        .put(both)
        .put(answer.bytes())
        .array();
  }

  static @Nullable Stored decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    byte[] question = part(in);
    byte[] both = question == null ? null : part(in);
    if (question == null || both == null) {
      return null;
    }
    byte[] answer = new byte[in.remaining()];
    in.get(answer);
    String text = new String(question, StandardCharsets.UTF_8);
    return new Stored(text, new Packed(both), new Packed(answer));
  }

  private static byte @Nullable [] part(ByteBuffer in) {
    if (in.remaining() < 4) {
      return null;
    }
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      return null;
    }
    byte[] part = new byte[length];
    in.get(part);
    return part;
  }
}
