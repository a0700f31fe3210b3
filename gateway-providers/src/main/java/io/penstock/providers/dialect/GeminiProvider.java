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
import io.penstock.providers.translate.Translation;
import io.penstock.providers.translate.UsageReaders;
import io.penstock.providers.translate.Wiring.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Gemini API. Streams are always asked for as server-sent events. Option {@code api_version}:
 * the first part of the path, {@code v1beta} by default.
 */
final class GeminiProvider implements Provider {
  private static final Wired WIRED =
      new Wired((call, operation) -> model(call) + method(call, operation), false);

  @Override
  public boolean serves(Endpoint endpoint) {
    return endpoint.dialect() == Dialect.GEMINI || Translation.serves(endpoint, Dialect.GEMINI);
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    return call.endpoint().dialect() == Dialect.GEMINI
        ? attempt(call, model(call))
        : Translation.attempt(call, Dialect.GEMINI, WIRED);
  }

  @Override
  public @Nullable String tier(HeaderLookup headers) {
    String served = headers.get("x-gemini-service-tier");
    return served == null ? null : UsageReaders.tier(served);
  }

  private static String model(ProviderCall call) {
    String version = call.target().options().getOrDefault("api_version", "v1beta");
    return "/" + version + "/models/" + Splice.segment(call.target().model());
  }

  /** Returns the method of a translated call. */
  static String method(ProviderCall call, Operation operation) {
    return switch (operation) {
      case COUNT_TOKENS -> ":countTokens";
      case EMBED -> ":batchEmbedContents";
      case PREDICT -> throw new IllegalArgumentException("operation: " + operation);
      case CHAT -> call.stream() ? ":streamGenerateContent?alt=sse" : ":generateContent";
    };
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
