package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** Where the events of a client dialect go: to the client's stream, or into one whole answer. */
interface Outlet {
  /**
   * One event.
   *
   * @param name the SSE event name, or null for none
   * @param content whether it carries output of the model
   */
  void event(@Nullable String name, ObjectNode data, boolean content);

  /** One event of the model's output that differs from the last such by number and text alone. */
  default void event(@Nullable String name, TextEvent data, long number, String text) {
    event(name, data.tree(number, text), true);
  }

  /** What the answer cost; a stream shows it as a comment. */
  void note(String penstock);

  /** OpenAI's end mark. */
  void done();
}
