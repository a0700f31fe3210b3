package io.penstock.server.content;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Endpoint;
import io.penstock.ledger.Content;
import io.penstock.providers.translate.Replay;
import java.util.List;

/**
 * Makes of a request and its answer what may be kept: JSON whose texts are redacted, up to a limit.
 * What is no JSON is named, not kept; a stream becomes the unary answer that says the same, because
 * a secret may be spread over its events. Confined to the keeper's thread.
 */
public final class Redaction {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final int limit;
  private final Redactor redactor;

  /**
   * Creates one.
   *
   * @param limit bytes kept of each text, about
   * @param patterns what is redacted beside the usual, in the syntax of RE2
   */
  public Redaction(int limit, List<String> patterns) {
    this.limit = limit;
    this.redactor = new Redactor(patterns);
  }

  Content of(Recording.Asked asked, Recording.Answered answered, List<String> secrets) {
    JsonCopy copy = new JsonCopy(redactor.with(secrets, asked.credential()), limit);
    return new Content(
        asked.request(),
        request(asked, copy),
        response(asked.endpoint(), answered, copy),
        asked.body().length,
        answered.bytes());
  }

  private static byte[] request(Recording.Asked asked, JsonCopy copy) {
    byte[] kept = copy.of(asked.body());
    return kept == null ? named(asked.contentType(), asked.body().length) : kept;
  }

  private static byte[] response(Endpoint endpoint, Recording.Answered answered, JsonCopy copy) {
    byte[] body = answered.copy().toByteArray();
    boolean events = answered.contentType().startsWith("text/event-stream");
    if (events || (answered.streamed() && Replay.serves(endpoint) && isArray(body))) {
      boolean readable = answered.whole() && Replay.serves(endpoint);
      byte[] unary = readable ? Replay.aggregate(endpoint, body) : null;
      byte[] kept = unary == null ? null : copy.of(unary);
      return kept == null ? named("a stream that is not whole", answered.bytes()) : kept;
    }
    byte[] kept = copy.of(body);
    return kept == null ? named(answered.contentType(), answered.bytes()) : kept;
  }

  private static boolean isArray(byte[] body) {
    return body.length > 0 && body[0] == '[';
  }

  /** Returns a JSON text that says what is not kept. */
  private static byte[] named(String type, long bytes) {
    int end = type.indexOf(';');
    String kind = end < 0 ? type : type.substring(0, end);
    try {
      return JSON.writeValueAsBytes(
          bytes == 0 ? "" : "[" + (kind.isEmpty() ? "no type" : kind) + ", " + bytes + " bytes]");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a text is JSON", e);
    }
  }
}
