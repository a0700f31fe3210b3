package io.penstock.cache.semantic;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What lies in the store under a semantic key: the question, its vectors by the two models of this
 * process, the answer. The exact cache keeps and guards it like any entry.
 *
 * @param text the question that was answered
 */
record Stored(String text, Packed first, Packed second, Packed answer) {
  /** Changes with the bytes: part of every partition, so that two versions share one Redis. */
  static final String FORMAT = "2";

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
    int length = question.length + first.bytes.length + second.bytes.length + answer.bytes.length;
    ByteBuffer out = ByteBuffer.allocate(12 + length);
    for (byte[] part : new byte[][] {question, first.bytes, second.bytes}) {
      out.putInt(part.length).put(part);
    }
    return out.put(answer.bytes).array();
  }

  /** Returns null when the bytes are not of this format. */
  static @Nullable Stored decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    byte[] question = part(in);
    byte[] one = question == null ? null : part(in);
    byte[] two = one == null ? null : part(in);
    if (question == null || one == null || two == null) {
      return null;
    }
    byte[] answer = new byte[in.remaining()];
    in.get(answer);
    String text = new String(question, StandardCharsets.UTF_8);
    return new Stored(text, new Packed(one), new Packed(two), new Packed(answer));
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
