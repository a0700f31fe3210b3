package io.penstock.server.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** The texts of a request body that a model reads, whatever the dialect. */
final class RequestText {
  private static final JsonFactory JSON = new JsonFactory();

  /**
   * All string values but encoded files, one per line.
   *
   * @param messages how many objects carry a role
   */
  record Texts(String text, int messages) {}

  private RequestText() {}

  static Texts of(byte[] body) {
    StringBuilder text = new StringBuilder();
    int messages = 0;
    try (JsonParser parser = JSON.createParser(body)) {
      JsonToken token;
      while ((token = parser.nextToken()) != null) {
        if (token != JsonToken.VALUE_STRING) {
          continue;
        }
        String name = parser.currentName();
        if ("role".equals(name)) {
          messages++;
        } else if (!"model".equals(name) && !"type".equals(name) && !isFile(parser)) {
          text.append(parser.getText()).append('\n');
        }
      }
    } catch (IOException e) {
      // Not JSON (audio, multipart) or not whole: what was read so far is what is counted.
      return new Texts(text.toString(), messages);
    }
    return new Texts(text.toString(), messages);
  }

  private static boolean isFile(JsonParser parser) throws IOException {
    String name = parser.currentName();
    return "data".equals(name) || "file_data".equals(name) || parser.getText().startsWith("data:");
  }
}
