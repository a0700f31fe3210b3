package io.penstock.server.call.filter;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The text of a header's value. Stateless. */
final class HeaderText {
  private HeaderText() {}

  /**
   * Reads as UTF-8 what came in as Latin-1, a character per byte, as HTTP has it; a value that is
   * no UTF-8, or is no bytes, stays as it is.
   */
  static @Nullable String of(@Nullable String value) {
    if (value == null || value.chars().allMatch(c -> c < 0x80)) {
      return value;
    }
    if (value.chars().anyMatch(c -> c > 0xff)) {
      return value;
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(value.getBytes(StandardCharsets.ISO_8859_1));
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      return value;
    }
  }
}
