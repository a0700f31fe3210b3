package io.penstock.providers;

import io.penstock.core.Dialect;
import io.penstock.core.ErrorCode;

/** How a stream of which the client has seen content ends before the provider ends it. */
public sealed interface Closing {
  /**
   * As if the answer had been too long.
   *
   * @param finish the finish reason to show in OpenAI's words: {@code length} or {@code
   *     content_filter}
   */
  record Shortened(String finish) implements Closing {}

  /**
   * By an error, with the code that it would have had before any content.
   *
   * @param code what ended it
   * @param message for a person
   * @param requestId the gateway's id of the request
   */
  record Broken(ErrorCode code, String message, String requestId) implements Closing {
    /** Returns the error in the client's dialect: OpenAI, Anthropic or Gemini. */
    public String json(Dialect client) {
      return ErrorBodies.json(client, code.status(), code.code(), message, null, requestId);
    }
  }
}
