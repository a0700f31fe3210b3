package io.penstock.server.call.prompt;

import com.fasterxml.jackson.core.JsonParser;
import io.penstock.core.body.RequestJson;
import java.io.IOException;

/**
 * The images in a request, whatever its dialect. Providers bill them by their size on screen, not
 * by their bytes, so the text that carries one says nothing of its tokens.
 *
 * @param count images, carried in the body or named by their address
 * @param bytes of the body that are images in base64, where the dialect has images; the same text
 *     anywhere else is text, and so is what has no image in it
 */
public record Pictures(int count, long bytes) {
  private static final Pictures NONE = new Pictures(0, 0);

  /** Returns the images of a JSON body; looks closer only where one can be, and copies none. */
  public static Pictures of(byte[] body) {
    if (!mentions(body) && !hidesLetters(body)) {
      return NONE;
    }
    PictureScan scan = new PictureScan(body);
    try (JsonParser parser = RequestJson.FACTORY.createParser(body)) {
      scan.read(parser);
    } catch (IOException e) {
      // Not JSON, such as a form: its bytes are all that is known.
      return NONE;
    }
    return new Pictures(Math.max(scan.named(), scan.carried()), scan.bytes());
  }

  /** Searches from the end of the word "image", so that most bytes are skipped. */
  private static boolean mentions(byte[] body) {
    int at = 4;
    while (at < body.length) {
      switch (body[at]) {
        case 'e' -> {
          if (body[at - 1] == 'g'
              && body[at - 2] == 'a'
              && body[at - 3] == 'm'
              && body[at - 4] == 'i') {
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

  /**
   * Returns whether an ASCII letter is written as an escape, so that the word may stand here though
   * its bytes do not. Every fifth byte of {@code \}{@code u0061} is looked at.
   */
  private static boolean hidesLetters(byte[] body) {
    int at = 4;
    while (at < body.length) {
      switch (body[at]) {
        case '4', '5', '6', '7' -> {
          if (body[at - 1] == '0'
              && body[at - 2] == '0'
              && body[at - 3] == 'u'
              && body[at - 4] == '\\') {
            return true;
          }
          at += 5;
        }
        case '0' -> at += 1;
        case 'u' -> at += 3;
        case '\\' -> at += 4;
        default -> at += 5;
      }
    }
    return false;
  }
}
