package io.penstock.server.call;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.body.RequestJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The images in a request, whatever its dialect. Providers bill them by their size on screen, not
 * by their bytes, so the text that carries one says nothing of its tokens.
 *
 * @param count images, carried in the body or named by their address
 * @param bytes of the body that are images in base64
 */
record Pictures(int count, long bytes) {
  private static final Pictures NONE = new Pictures(0, 0);
  private static final byte[] WORD = "image".getBytes(StandardCharsets.US_ASCII);

  /** The types of parts that are images, in the OpenAI and Anthropic dialects. */
  private static final Set<String> TYPES = Set.of("image_url", "input_image", "image");

  /** How base64 of JPEG, PNG and GIF begins; WebP is told from other RIFF files further on. */
  private static final List<String> BEGINNINGS = List.of("/9j/", "iVBORw0KGgo", "R0lGOD");

  /** Returns the images of a JSON body; looks closer only where the word stands in it. */
  static Pictures of(byte[] body) {
    if (!mentions(body)) {
      return NONE;
    }
    int count = 0;
    int carried = 0;
    long bytes = 0;
    try (JsonParser parser = RequestJson.FACTORY.createParser(body)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token != JsonToken.VALUE_STRING) {
          continue;
        }
        switch (parser.currentName()) {
          case "type" -> count += TYPES.contains(parser.getText()) ? 1 : 0;
          case "mimeType", "mime_type" -> count += parser.getText().startsWith("image/") ? 1 : 0;
          case "url", "image_url", "data" -> {
            long length = encodedImage(parser.getText());
            bytes += length;
            carried += length > 0 ? 1 : 0;
          }
          case null, default -> {}
        }
      }
    } catch (IOException e) {
      // Not JSON, such as a form: its bytes are all that is known.
      return NONE;
    }
    return new Pictures(Math.max(count, carried), bytes);
  }

  /** Searches from the end of the word, so that most bytes are skipped. */
  private static boolean mentions(byte[] body) {
    int at = WORD.length - 1;
    while (at < body.length) {
      switch (body[at]) {
        case 'e' -> {
          if (Arrays.equals(body, at - 4, at + 1, WORD, 0, WORD.length)) {
            return true;
          }
          at += 5;
        }
        case 'g' -> at += 1;
        case 'a' -> at += 2;
        case 'm' -> at += 3;
        case 'i' -> at += 4;
        default -> at += 5;
      }
    }
    return false;
  }

  /** Returns the length of a text that is an image in base64, else 0. */
  private static long encodedImage(String text) {
    if (text.startsWith("data:image/")) {
      return text.length();
    }
    boolean image =
        BEGINNINGS.stream().anyMatch(text::startsWith)
            || text.startsWith("UklGR") && text.startsWith("RUJQ", 12);
    return image ? text.length() : 0;
  }
}
