package io.penstock.core.price;

import java.util.List;

/**
 * One thing that is wrong in a price file.
 *
 * @param file which of the files laid over the catalogue, from 0; -1 for the catalogue itself
 * @param at the names and list indices that lead to it
 * @param of the entry it is in, as {@code provider/model}; "" for none
 * @param value what is there
 * @param expected what should be there
 */
public record Misprint(int file, List<Object> at, String of, String value, String expected) {
  /** Returns the way to it, such as {@code models[0].cards[1].rates.input (openai/gpt-4o)}. */
  public String path() {
    StringBuilder text = new StringBuilder();
    for (Object step : at) {
      if (step instanceof Integer index) {
        text.append('[').append(index).append(']');
      } else {
        text.append(text.isEmpty() ? "" : ".").append(step);
      }
    }
    return of.isEmpty() ? text.toString() : text + " (" + of + ")";
  }

  @Override
  public String toString() {
    String path = path();
    return (path.isEmpty() ? "" : path + ": ") + value + " (expected: " + expected + ")";
  }
}
