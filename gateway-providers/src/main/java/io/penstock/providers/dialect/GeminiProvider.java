package io.penstock.providers.dialect;

import io.netty.buffer.ByteBuf;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import java.util.List;

/**
 * The Gemini API. Streams are always asked for as server-sent events. Option {@code api_version}:
 * the first part of the path, {@code v1beta} by default.
 */
final class GeminiProvider implements Provider {
  @Override
  public boolean serves(Endpoint endpoint) {
    return endpoint.dialect() == Dialect.GEMINI;
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    String version = call.target().options().getOrDefault("api_version", "v1beta");
    return attempt(call, "/" + version + "/models/" + Splice.segment(call.target().model()));
  }

  /** Makes an attempt for the model at that path. */
  static Attempt attempt(ProviderCall call, String model) {
    String accept = call.stream() ? "text/event-stream" : "application/json";
    var request =
        new UpstreamRequest(
            "POST",
            model + method(call),
            List.of(
                new Header("content-type", call.body().contentType()),
                new Header("accept", accept)),
            GeminiRequests.body(call));
    return new SplicedAttempt(
        request,
        List.of(),
        allocator -> new GeminiUnaryReader(call.endpoint()),
        (allocator, sink) -> new GeminiStream(allocator, sink, call.arraySplit()));
  }

  private static String method(ProviderCall call) {
    return switch (call.endpoint()) {
      case GENERATE -> call.stream() ? ":streamGenerateContent?alt=sse" : ":generateContent";
      case GEMINI_COUNT_TOKENS -> ":countTokens";
      case EMBED_CONTENT -> ":embedContent";
      case BATCH_EMBED_CONTENTS -> ":batchEmbedContents";
      default -> throw new IllegalArgumentException("endpoint: " + call.endpoint().label());
    };
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}
