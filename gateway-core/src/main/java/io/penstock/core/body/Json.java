package io.penstock.core.body;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** Small pieces of JSON text. */
public final class Json {
  private Json() {}

  /** Returns the text as a JSON string with its quotes. */
  public static String quote(String text) {
    StringBuilder json = new StringBuilder(text.length() + 16).append('"');
    JsonStringEncoder.getInstance().quoteAsString(text, json);
    return json.append('"').toString();
  }
}
