package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonToken;

/** Receives the top-level fields of a body, in order; offsets are bytes of that body. */
@FunctionalInterface
interface Fields {
  /**
   * One field.
   *
   * @param from where it opens: the quote of its name, or the boundary before a form's part
   * @param start where its value begins
   * @param end just after its value
   * @param token the first of its value; VALUE_EMBEDDED_OBJECT for a form's file
   */
  void field(String name, int from, int start, int end, JsonToken token);
}
