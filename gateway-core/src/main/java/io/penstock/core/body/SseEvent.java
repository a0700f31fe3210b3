package io.penstock.core.body;

import org.jspecify.annotations.Nullable;

/** One server-sent event as text. */
public final class SseEvent {
  private SseEvent() {}

  /** Returns the data lines joined with LF, or null when there is none. */
  public static @Nullable String data(String event) {
    return field(event, "data");
  }

  /** Returns the event's name, or null when it has none. */
  public static @Nullable String name(String event) {
    return field(event, "event");
  }

  private static @Nullable String field(String event, String field) {
    StringBuilder joined = null;
    int length = event.length();
    int at = !event.isEmpty() && event.charAt(0) == '\uFEFF' ? 1 : 0;
    while (at < length) {
      int end = lineEnd(event, at);
      if (event.startsWith(field, at)) {
        int value = at + field.length();
        if (value == end || event.charAt(value) == ':') {
          value = Math.min(end, value + 1);
          if (value < end && event.charAt(value) == ' ') {
            value++;
          }
          joined = joined == null ? new StringBuilder() : joined.append('\n');
          joined.append(event, value, end);
        }
      }
      at = end + 1;
      if (at < length && event.charAt(end) == '\r' && event.charAt(at) == '\n') {
        at++;
      }
    }
    return joined == null ? null : joined.toString();
  }

  private static int lineEnd(String event, int from) {
    int at = from;
    while (at < event.length() && event.charAt(at) != '\n' && event.charAt(at) != '\r') {
      at++;
    }
    return at;
  }
}
