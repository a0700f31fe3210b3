package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.io.IOException;

/**
 * Finds the top-level fields of a JSON object in one streaming pass that checks the whole, its
 * encoding and names that are there twice included; nothing below the fields is materialised.
 */
final class JsonScan {
  private JsonScan() {}

  /**
   * Reads an object to its end.
   *
   * @throws GatewayException 400 {@code invalid_json} that says where
   */
  static void scan(byte[] bytes, Fields fields) {
    if (isWide(bytes)) {
      throw invalid("the body is not UTF-8");
    }
    UniqueNames names = null;
    try (JsonParser parser = RequestJson.FACTORY.createParser(bytes)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw invalid(bytes.length == 0 ? "the body is empty" : "the body is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        int from = (int) parser.currentTokenLocation().getByteOffset();
        JsonToken token = parser.nextToken();
        int start = (int) parser.currentTokenLocation().getByteOffset();
        if (token.isStructStart()) {
          names = names == null ? new UniqueNames() : names;
          names.pass(parser);
        }
        int end = end(parser, bytes, start);
        fields.field(name, from, start, end, token);
      }
      if (parser.nextToken() != null) {
        throw invalid("there is more after the end of the JSON object");
      }
    } catch (StreamConstraintsException e) {
      throw invalid(
          "the body is nested deeper than "
              + RequestBody.MAX_DEPTH
              + ", or has a number of more than "
              + RequestJson.MAX_DIGITS
              + " digits or an oversized name");
    } catch (JsonProcessingException e) {
      throw invalid(e.getOriginalMessage() + at(e));
    } catch (IOException e) {
      throw invalid("the body is not valid UTF-8");
    }
  }

  /**
   * Returns whether the bytes are UTF-16 or UTF-32, which the parser would guess and read: its
   * offsets are of UTF-8. No JSON in UTF-8 has one of these bytes.
   */
  private static boolean isWide(byte[] bytes) {
    for (int i = 0; i < Math.min(4, bytes.length); i++) {
      if (bytes[i] == 0 || bytes[i] == (byte) 0xfe || bytes[i] == (byte) 0xff) {
        return true;
      }
    }
    return false;
  }

  /** A text is not read: the next step goes over it and checks it, without a copy. */
  private static int end(JsonParser parser, byte[] bytes, int start) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_STRING && start >= 0) {
      int quote = LongTexts.end(bytes, start);
      if (quote >= 0) {
        return quote + 1;
      }
    }
    parser.finishToken();
    return (int) parser.currentLocation().getByteOffset();
  }

  private static String at(JsonProcessingException e) {
    return e.getLocation() == null ? "" : " (at byte " + e.getLocation().getByteOffset() + ")";
  }

  /** Returns the text of a string that was scanned before, its escapes resolved. */
  static String unescape(byte[] bytes, int start, int end) {
    try (JsonParser parser = RequestJson.FACTORY.createParser(bytes, start, end - start)) {
      parser.nextToken();
      return parser.getText();
    } catch (IOException e) {
      throw invalid("a string is malformed (at byte " + start + ")");
    }
  }

  /** Returns what refuses a name that an object has twice. */
  static GatewayException twice(String name) {
    String clipped = name.length() <= 64 ? name : name.substring(0, 64) + "...";
    return new GatewayException(
        ErrorCode.INVALID_JSON,
        "The request body has the field \"" + clipped + "\" twice.",
        clipped,
        GatewayException.NO_RETRY_AFTER);
  }

  static GatewayException invalid(String why) {
    return new GatewayException(
        ErrorCode.INVALID_JSON, "The request body is not valid JSON: " + why + ".");
  }
}
