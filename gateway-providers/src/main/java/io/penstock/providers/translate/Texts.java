package io.penstock.providers.translate;

import io.penstock.core.GatewayException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Text inside base64. */
final class Texts {
  private Texts() {}

  /**
   * Returns the text of a document.
   *
   * @throws GatewayException 400 when the data is not base64
   */
  static String decode(Part.Media media, String path) {
    try {
      String data = media.data() == null ? "" : media.data();
      return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw GatewayException.invalid(path, "\"" + path + "\": the document's data is not base64.");
    }
  }
}
