package io.penstock.server.call.prompt;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.body.RequestBody;
import java.io.IOException;

/** Looks into arrays at the top level of a request's body. Stateless. */
public final class JsonArrays {
  private JsonArrays() {}

  /** Returns the number of elements that are no numbers; 0 when the field is no array. */
  public static int size(RequestBody body, String field) {
    int at = body.indexOf(field);
    if (at < 0 || body.token(at) != JsonToken.START_ARRAY) {
      return 0;
    }
    int size = 0;
    try (JsonParser parser = body.parser(at)) {
      parser.nextToken();
      for (JsonToken token = parser.nextToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        size += token.isNumeric() ? 0 : 1;
        parser.skipChildren();
      }
    } catch (IOException e) {
      throw new IllegalStateException("the body was read before", e);
    }
    return size;
  }
}
