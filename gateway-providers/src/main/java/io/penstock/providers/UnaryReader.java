package io.penstock.providers;

import io.netty.buffer.ByteBuf;

/** Reads a whole answer with a status of 2xx. */
public interface UnaryReader {
  /**
   * Turns the provider's answer into the client's.
   *
   * @param headers the answer's headers
   * @param body borrowed; the whole body, identity-coded
   * @return the answer; its body is owned by the caller
   * @throws ProviderException when it is not an answer: malformed, or an error inside a 200
   */
  Answer read(HeaderLookup headers, ByteBuf body);
}
