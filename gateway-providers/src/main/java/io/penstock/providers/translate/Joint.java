package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Endpoint;

/**
 * Where one stream of a client dialect goes over into another: it reads what the client has seen of
 * the first, then makes the events of the second fit. Belongs to one answer.
 */
abstract class Joint {
  private final StringBuilder text = new StringBuilder();

  /** White space that the client has seen and the prefill has not: the model makes it again. */
  private String space = "";

  /** How much of it has come again; -1 once something else has. */
  private int again;

  static Joint of(Endpoint endpoint) {
    return switch (endpoint) {
      case MESSAGES -> new MessagesJoint();
      case GENERATE -> new GenerateJoint();
      default -> new ChatJoint();
    };
  }

  /**
   * Reads an event that the client has seen.
   *
   * @return false when nobody can go on after it
   */
  abstract boolean seen(ObjectNode event);

  /** Writes what the client gets for an event of the stream that goes on, perhaps nothing. */
  abstract void join(ObjectNode event, Outlet out);

  final void add(String piece) {
    text.append(piece);
  }

  /** Returns the text that the client has seen. */
  final String text() {
    return text.toString();
  }

  /** From now on events are those of the other stream, which knows that much of the text. */
  final void seam(int known) {
    space = text.substring(known);
  }

  /** Returns what is new in a piece of the other stream's text. */
  final String fresh(String piece) {
    int from = 0;
    while (again >= 0 && again < space.length() && from < piece.length()) {
      again = piece.charAt(from) == space.charAt(again) ? again + 1 : -1;
      from += again < 0 ? 0 : 1;
    }
    return piece.substring(from);
  }

  /** Copies fields that name the answer from its first event, so that they stay as they were. */
  static void keep(ObjectNode event, ObjectNode first, String... names) {
    for (String name : names) {
      if (first.has(name)) {
        event.set(name, first.get(name));
      }
    }
  }
}
