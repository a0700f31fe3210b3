package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;

/** Where the elements of a JSON array lie in a body that has been parsed before. Pure. */
public final class JsonSpans {
  private JsonSpans() {}

  /**
   * Returns the byte offsets of an array's elements: start and end of the first, of the second, and
   * so on. Nothing when the value is no array.
   *
   * @param from where the value begins in {@code bytes}
   * @param to just after its end
   */
  public static int[] elements(byte[] bytes, int from, int to) {
    int[] spans = new int[32];
    int count = 0;
    try (JsonParser parser = RequestJson.FACTORY.createParser(bytes, from, to - from)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        return new int[0];
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (count == spans.length) {
          spans = Arrays.copyOf(spans, 2 * count);
        }
        spans[count++] = from + (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        spans[count++] = from + (int) parser.currentLocation().getByteOffset();
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("not the JSON that was parsed before", e);
    }
    return Arrays.copyOf(spans, count);
  }
}
