package io.penstock.server.config.value;

/**
 * A value that goes into a request body as it is.
 *
 * @param text JSON
 */
public record Json(String text) {
  @Override
  public String toString() {
    return text;
  }
}
