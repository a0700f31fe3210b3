package io.penstock.server.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * An answer of the admin port.
 *
 * @param headers further headers, such as a content security policy
 */
public record AdminReply(int status, String contentType, byte[] body, Map<String, String> headers) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Returns a 200 with the value as JSON. */
  public static AdminReply json(Object value) {
    return json(200, value);
  }

  /** Returns the value as JSON. */
  public static AdminReply json(int status, Object value) {
    try {
      return new AdminReply(status, "application/json", MAPPER.writeValueAsBytes(value), Map.of());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an admin answer is not JSON", e);
    }
  }

  /** Returns an error in the OpenAI shape, which every tool can read. */
  public static AdminReply error(int status, String code, String message) {
    return json(status, Map.of("error", Map.of("code", code, "message", message)));
  }

  /** Returns the same with a header. */
  AdminReply with(String name, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(name, value);
    return new AdminReply(status, contentType, body, more);
  }

  /** Returns text. */
  public static AdminReply text(int status, String contentType, String text) {
    return new AdminReply(status, contentType, text.getBytes(StandardCharsets.UTF_8), Map.of());
  }
}
