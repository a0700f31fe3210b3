package io.penstock.server.tokens;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.body.LongTexts;
import io.penstock.core.body.RequestJson;
import java.io.IOException;

/** The texts of a request body that a model reads, whatever the dialect. */
final class RequestText {
  /**
   * All string values but encoded files, one per line.
   *
   * @param text as much of it as is counted, and not all where there is much more
   * @param rest characters that it has beyond that, nearly
   * @param messages how many objects carry a role
   */
  record Texts(String text, long rest, int messages) {}

  private RequestText() {}

  /** Reads a body; of the texts together no more than about {@code most} is kept, characters. */
  static Texts of(byte[] body, int most) {
    StringBuilder text = new StringBuilder();
    long rest = 0;
    int messages = 0;
    try (LongTexts parser = LongTexts.beginnings(RequestJson.FACTORY, body, most)) {
      JsonToken token;
      while ((token = parser.nextToken()) != null) {
        if (token != JsonToken.VALUE_STRING) {
          continue;
        }
        String name = parser.currentName();
        if ("role".equals(name)) {
          messages++;
        } else if (!"model".equals(name) && !"type".equals(name) && !isFile(parser)) {
          String value = parser.getText();
          rest += parser.cut();
          if (text.length() < most) {
            text.append(value).append('\n');
          } else {
            rest += value.length();
          }
        }
      }
    } catch (IOException e) {
      // Not JSON (audio, multipart) or not whole: what was read so far is what is counted.
      return new Texts(text.toString(), rest, messages);
    }
    return new Texts(text.toString(), rest, messages);
  }

  private static boolean isFile(JsonParser parser) throws IOException {
    String name = parser.currentName();
    return "data".equals(name) || "file_data".equals(name) || parser.getText().startsWith("data:");
  }
}
