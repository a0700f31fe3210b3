package io.penstock.server.call.reply;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Dialect;
import io.penstock.providers.HeaderLookup;
import org.jspecify.annotations.Nullable;

/**
 * The provider's own id of a request, which its support asks for: {@code x-request-id} of OpenAI
 * and its like, {@code request-id} of Anthropic, {@code x-amzn-requestid} of AWS, {@code
 * apim-request-id} or {@code x-ms-request-id} of Azure. Google gives none. Stateless.
 */
public final class UpstreamId {
  private static final int LONGEST = 200;

  private UpstreamId() {}

  /** Tells the client of the id, if the provider gave one. */
  public static void add(HttpHeaders to, Dialect provider, HeaderLookup from) {
    String id =
        switch (provider) {
          case OPENAI, COHERE, DEMO -> from.get("x-request-id");
          case ANTHROPIC -> from.get("request-id");
          case BEDROCK -> from.get("x-amzn-requestid");
          case AZURE -> ofAzure(from);
          case GEMINI, VERTEX -> null;
        };
    if (id != null && !id.isEmpty() && id.length() <= LONGEST) {
      to.set(ResponseHeaders.UPSTREAM_ID, ResponseHeaders.safe(id));
    }
  }

  private static @Nullable String ofAzure(HeaderLookup from) {
    String id = from.get("apim-request-id");
    return id == null ? from.get("x-ms-request-id") : id;
  }
}
