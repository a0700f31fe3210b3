package io.penstock.core;

import io.netty.buffer.ByteBuf;
import java.util.Map;

/**
 * A complete answer made by the gateway itself: a cache hit, a listing or an error.
 *
 * @param status the HTTP status
 * @param contentType the value of the content-type header
 * @param body the body; whoever takes the reply from the pipeline must release it
 * @param headers further headers, by name
 */
public record Reply(int status, String contentType, ByteBuf body, Map<String, String> headers) {
  /** Creates a reply without further headers. */
  public Reply(int status, String contentType, ByteBuf body) {
    this(status, contentType, body, Map.of());
  }
}
