package io.penstock.server.config.load;

import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with the configuration, or a warning about it.
 *
 * @param file the file, as it was given or found
 * @param line from 1; 0 when it is about the whole file
 * @param column from 1; 0 when it is about the whole file
 * @param path the keys to it, such as {@code models.llama.targets[0]}; "" for the whole file
 * @param value what is there; stars for a secret
 * @param expected what should be there
 * @param suggestion the nearest valid word, or null
 */
public record Problem(
    String file,
    int line,
    int column,
    String path,
    String value,
    String expected,
    @Nullable String suggestion) {

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(file);
    if (line > 0) {
      text.append(':').append(line).append(':').append(column);
    }
    text.append(": ");
    if (!path.isEmpty()) {
      text.append(path).append(": ");
    }
    text.append(value).append(" (expected: ").append(expected);
    if (suggestion != null) {
      text.append("; did you mean ").append(suggestion).append('?');
    }
    return text.append(')').toString();
  }
}
