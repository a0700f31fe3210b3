package io.penstock.server.call;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;

/**
 * What a request's method and path ask for.
 *
 * @param endpoint what to do
 * @param dialect the dialect of answers and errors
 * @param model the model that the path names (Gemini), "" when the body names it
 * @param stream whether the path asks for a stream (Gemini)
 * @param arraySplit Gemini streaming as one JSON array, without {@code alt=sse}
 * @param rest what follows the endpoint in the path: a model's id, a response's id and what is
 *     asked of it
 */
public record Surface(
    Endpoint endpoint,
    Dialect dialect,
    String model,
    boolean stream,
    boolean arraySplit,
    String rest) {
  public static Surface of(Endpoint endpoint) {
    return new Surface(endpoint, endpoint.dialect(), "", false, false, "");
  }

  public static Surface of(Endpoint endpoint, Dialect dialect, String rest) {
    return new Surface(endpoint, dialect, "", false, false, rest);
  }
}
