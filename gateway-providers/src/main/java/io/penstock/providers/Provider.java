package io.penstock.providers;

import io.netty.buffer.ByteBuf;
import io.penstock.core.Endpoint;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One provider dialect. Stateless and shared by all event loops. */
public interface Provider {
  /** Returns whether this dialect can serve the endpoint at all. */
  boolean serves(Endpoint endpoint);

  /** Returns whether it can serve the endpoint with that model of the provider. */
  default boolean serves(Endpoint endpoint, String model) {
    return serves(endpoint);
  }

  /**
   * Makes the bytes of one attempt and the reader of its answer.
   *
   * @throws io.penstock.core.GatewayException 400 naming the field and the provider, when the
   *     target cannot take what the client asks for
   */
  Attempt attempt(ProviderCall call);

  /**
   * Returns where a provider of this dialect keeps a response, under its base address; may have a
   * query.
   *
   * @param idAndRest the response's id and what follows it in the path
   * @param options those of the targets
   */
  default String storedResponse(String idAndRest, Map<String, String> options) {
    return "/responses/" + idAndRest;
  }

  /**
   * Returns the service tier that an answer's head tells, by the catalogue's name; null when it
   * tells none, or the standard one.
   */
  default @Nullable String tier(HeaderLookup headers) {
    return null;
  }

  /**
   * Says what an answer that is not a success means.
   *
   * @param status the HTTP status
   * @param headers the answer's headers
   * @param body borrowed; at most the first 64 KiB
   */
  Failure classify(int status, HeaderLookup headers, ByteBuf body);
}
