package io.penstock.server.content;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Copies JSON with its texts redacted, value by value, so that what comes out is JSON again: also
 * when the input breaks off or the limit is reached. Confined to one thread.
 */
final class JsonCopy {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final String CUT = "[cut]";

  /** Fields whose text is a secret, whatever it looks like. */
  private static final Pattern SECRET_FIELD =
      Pattern.compile(
          "(?i)password|passwd|secret|client_?secret|api[_-]?key|(access|refresh|auth)[_-]?token"
              + "|private[_-]?key|authorization|credentials?");

  /** A shorter text in one of base64's alphabets is as likely a word. */
  private static final int BINARY = 512;

  private static final Pattern DATA_URL = Pattern.compile("data:[^,]{0,200};base64,");

  private final Redactor.Texts texts;
  private final int limit;

  JsonCopy(Redactor.Texts texts, int limit) {
    this.texts = texts;
    this.limit = limit;
  }

  /** Returns the copy, or null when the input does not begin as a JSON object or array. */
  byte @Nullable [] of(byte[] json) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(Math.min(json.length, limit) + 64);
    try (JsonGenerator to = FACTORY.createGenerator(out);
        JsonParser from = FACTORY.createParser(json)) {
      JsonToken first = from.nextToken();
      if (first != JsonToken.START_OBJECT && first != JsonToken.START_ARRAY) {
        return null;
      }
      copy(from, to);
    } catch (JsonProcessingException e) {
      // It broke off, or goes on as no JSON: what came before is whole, and closed by now.
      return out.size() == 0 ? null : out.toByteArray();
    } catch (IOException e) {
      throw new IllegalStateException("an array in memory failed", e);
    }
    return out.toByteArray();
  }

  private void copy(JsonParser from, JsonGenerator to) throws IOException {
    String name = null;
    long written = 0;
    for (JsonToken token = from.currentToken();
        token != null && written < limit;
        token = from.nextToken()) {
      if (token == JsonToken.FIELD_NAME) {
        // Written with its value, so that no name is left without one.
        name = from.currentName();
        continue;
      }
      if (token.isScalarValue()) {
        // Read now: a text that breaks off leaves no name without a value.
        from.getText();
      }
      if (name != null) {
        String shown = texts.redact(name);
        to.writeFieldName(shown);
        written += shown.length() + 4L;
      }
      written += value(from, token, name, to, limit - written);
      name = null;
    }
  }

  /** Copies one token; returns about how many bytes it took. */
  private long value(
      JsonParser from, JsonToken token, @Nullable String field, JsonGenerator to, long room)
      throws IOException {
    return switch (token) {
      case VALUE_STRING -> {
        String text = text(from.getText(), field);
        String shown =
            text.length() <= room ? text : text.substring(0, (int) Math.max(0, room)) + CUT;
        to.writeString(shown);
        yield shown.length() + 3L;
      }
      case VALUE_NUMBER_INT -> {
        String digits = from.getText();
        String shown = texts.redact(digits);
        if (shown.equals(digits)) {
          to.writeNumber(digits);
        } else {
          to.writeString(shown);
        }
        yield shown.length() + 1L;
      }
      default -> {
        to.copyCurrentEventExact(from);
        yield 8;
      }
    };
  }

  private String text(String text, @Nullable String field) {
    if (field != null && SECRET_FIELD.matcher(field).matches()) {
      return Redactor.SECRET;
    }
    if (DATA_URL.matcher(text).lookingAt() || isBinary(text)) {
      return "[binary, " + text.length() + " characters]";
    }
    return texts.redact(text);
  }

  private static boolean isBinary(String text) {
    if (text.length() < BINARY) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean base64 =
          (c >= 'A' && c <= 'Z')
              || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9')
              || "+/=_-".indexOf(c) >= 0;
      if (!base64) {
        return false;
      }
    }
    return true;
  }
}
