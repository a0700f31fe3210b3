package io.penstock.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A request as a {@link FakeProvider} received it.
 *
 * @param path with its query
 * @param headers names in lower case, in order
 * @param key the credential, from whichever header carries it; empty when there is none
 * @param model the body's or path's model, or empty
 * @param answered completes when the last byte of the answer has been written
 * @param closed completes when the connection has ended, whoever ended it
 */
public record Received(
    String method,
    String path,
    List<Map.Entry<String, String>> headers,
    byte[] body,
    String key,
    String model,
    CompletableFuture<Void> answered,
    CompletableFuture<Void> closed) {

  /** Returns the first value of a header, given in lower case, or null. */
  public @Nullable String header(String name) {
    for (Map.Entry<String, String> header : headers) {
      if (header.getKey().equals(name)) {
        return header.getValue();
      }
    }
    return null;
  }

  /** Returns the body as text. */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** Returns the path without its query. */
  public String barePath() {
    int query = path.indexOf('?');
    return query < 0 ? path : path.substring(0, query);
  }

  /** Blocks until the connection has ended: how a test sees that a call was cancelled. */
  public void awaitClosed() {
    Gate.await(closed, "the connection of " + path + " did not end");
  }

  /** Blocks until the answer is written. */
  public void awaitAnswered() {
    Gate.await(answered, "the answer to " + path + " was not written");
  }
}
