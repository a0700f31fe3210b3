package io.penstock.cache;

import io.penstock.core.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * What decides whether an answer may be stored. The caller says how it came about; the answer's own
 * bytes are read as well, so that an error in a 200 or a tool call is seen whoever vouches.
 *
 * @param endpoint the surface, which gives the shape of the body
 * @param status the upstream's HTTP status
 * @param complete whether it arrived to its end and the client's stream, if any, was not cut
 * @param diverted whether a fallback target, {@code over: use} or {@code X-Penstock-Route} answered
 *     instead of what the route alone would have chosen
 * @param asked how many answers the request asks for at once; fewer are not what was asked for
 */
public record AnswerFacts(
    Endpoint endpoint, int status, boolean complete, boolean diverted, long asked) {
  /** States the facts of an answer to a request for one. */
  public AnswerFacts(Endpoint endpoint, int status, boolean complete, boolean diverted) {
    this(endpoint, status, complete, diverted, 1);
  }

  /**
   * Returns why the answer must not be stored, or null when it may.
   *
   * @param body the unary answer in the client's dialect
   */
  public @Nullable String refusal(byte[] body) {
    if (status != 200) {
      return "status " + status;
    }
    if (!complete) {
      return "incomplete";
    }
    if (diverted) {
      return "diverted";
    }
    AnswerInspector.Finding found = AnswerInspector.inspect(endpoint, body);
    return found.refusal() == null && found.answers() < asked
        ? found.answers() + " answers of " + asked
        : found.refusal();
  }
}
