package io.penstock.server.call.prompt;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One pass over a body that finds its images where the dialects have them: parts of messages in
 * OpenAI's and Anthropic's, inline data in Gemini's. No long text is copied: whether it is an image
 * is read in place. Used once, by one thread.
 */
final class PictureScan {
  /** Where conversations stand. */
  private static final Set<String> TOP =
      Set.of(
          "messages",
          "input",
          "content",
          "contents",
          "system",
          "systemInstruction",
          "system_instruction",
          "requests",
          "generateContentRequest");

  /** What may lie around an image there: not the arguments of a tool, its schema or its result. */
  private static final Set<String> WITHIN =
      Set.of(
          "content",
          "contents",
          "parts",
          "output",
          "image_url",
          "source",
          "inlineData",
          "inline_data",
          "functionResponse",
          "function_response");

  private static final Set<String> INLINE = Set.of("inlineData", "inline_data");

  /** The types of parts that are images. */
  private static final Set<String> TYPES =
      Set.of("image_url", "input_image", "image", "computer_screenshot");

  /** Longer than any word or MIME type that is compared, escapes and all. Bytes. */
  private static final int SHORT = 256;

  private final byte[] body;
  private int named;
  private int carried;
  private long bytes;

  PictureScan(byte[] body) {
    this.body = body;
  }

  /** Returns the parts that say they are images, wherever they stand. */
  int named() {
    return named;
  }

  /** Returns the images that the body carries. */
  int carried() {
    return carried;
  }

  /** Returns the bytes of those. */
  long bytes() {
    return bytes;
  }

  /** An object or array and what it has of an image. */
  private static final class Frame {
    final @Nullable Frame around;
    final String name;
    final boolean inPlace;
    boolean image;
    int images;
    long length;

    Frame(@Nullable Frame around, String name, boolean inPlace) {
      this.around = around;
      this.name = name;
      this.inPlace = inPlace;
    }

    Frame open(@Nullable String inner) {
      if (inner == null) {
        // An element of an array, which stands where that does.
        return new Frame(this, "", inPlace);
      }
      return new Frame(this, inner, inPlace && (around == null ? TOP : WITHIN).contains(inner));
    }

    void carries(int length) {
      images += length > 0 ? 1 : 0;
      this.length += length;
    }
  }

  void read(JsonParser parser) throws IOException {
    Frame at = null;
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      if (token.isStructStart()) {
        at = at == null ? new Frame(null, "", true) : at.open(nameOf(parser));
      } else if (token.isStructEnd() && at != null) {
        close(at);
        at = at.around;
      } else if (token == JsonToken.VALUE_STRING && at != null) {
        text(parser, at);
      }
    }
  }

  /** Returns the name of the object or array that begins; null for an element. */
  private static @Nullable String nameOf(JsonParser parser) {
    return parser.getParsingContext().getParent().getCurrentName();
  }

  private void text(JsonParser parser, Frame at) throws IOException {
    String name = parser.currentName();
    switch (name) {
      case "type" -> {
        if (TYPES.contains(shortText(parser))) {
          named++;
          at.image = true;
        }
      }
      case "mimeType", "mime_type" -> {
        if (shortText(parser).startsWith("image/")) {
          named++;
          at.image = true;
        }
      }
      case "image_url" -> carries(parser, at, at.inPlace);
      case "url" -> carries(parser, at, at.inPlace && at.name.equals("image_url"));
      case "data" -> carries(parser, at, at.inPlace && (at.name.equals("source") || isInline(at)));
      case null, default -> {}
    }
  }

  private void carries(JsonParser parser, Frame at, boolean inPlace) {
    if (inPlace) {
      at.carries(PictureText.length(body, start(parser)));
    }
  }

  private static boolean isInline(Frame at) {
    return INLINE.contains(at.name);
  }

  /** Its type may stand behind what it carries, so that only its end tells. */
  private void close(Frame part) {
    Frame around = part.around;
    if (part.images == 0 || around == null) {
      return;
    }
    boolean inside = part.name.equals("image_url") || part.name.equals("source");
    if (inside) {
      around.images += part.images;
      around.length += part.length;
    } else if (part.image) {
      carried += part.images;
      bytes += part.length;
    }
  }

  /** Returns a short text with its escapes resolved; "" for a longer one, which is not read. */
  private String shortText(JsonParser parser) throws IOException {
    int from = start(parser);
    if (from < 0) {
      return "";
    }
    int most = Math.min(body.length, from + SHORT);
    for (int at = from + 1; at < most; at++) {
      if (body[at] == '"' && body[at - 1] != '\\') {
        return parser.getText();
      }
    }
    return "";
  }

  private static int start(JsonParser parser) {
    return (int) parser.currentTokenLocation().getByteOffset();
  }
}
