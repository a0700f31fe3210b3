package io.penstock.server.admin;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request to the admin port.
 *
 * @param rest what the name in the route's braces stands for, as it was sent; "" without one
 * @param query decoded parameters
 * @param idempotencyKey the header of that name, "" without one
 * @param body the body, empty when there is none
 */
public record AdminRequest(
    String rest, Map<String, List<String>> query, String idempotencyKey, byte[] body) {

  static Map<String, List<String>> parse(String query) {
    return new QueryStringDecoder(query, false).parameters();
  }

  /** Returns the first value of a parameter, or null. */
  public @Nullable String parameter(String name) {
    List<String> values = query.get(name);
    return values == null || values.isEmpty() ? null : values.getFirst();
  }

  /** Returns the first value of a parameter, or the default. */
  public String parameter(String name, String otherwise) {
    String value = parameter(name);
    return value == null ? otherwise : value;
  }
}
