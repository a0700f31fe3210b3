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
 * Vertex AI: Gemini, and Claude by rawPredict. Options: {@code project}, {@code api_version}
 * (default {@code v1}), {@code anthropic_version} (default {@code vertex-2023-10-16}). The target's
 * region is the location, {@code global} when there is none.
 */
final class VertexProvider implements Provider {
  private static final String VERSION = "vertex-2023-10-16";

  @Override
  public boolean serves(Endpoint endpoint) {
    return endpoint.dialect() == Dialect.ANTHROPIC || endpoint.dialect() == Dialect.GEMINI;
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    if (call.endpoint().dialect() == Dialect.GEMINI) {
      return GeminiProvider.attempt(
          call, publisher(call, "google") + Splice.segment(call.target().model()));
    }
    if (!Hosted.isClaude(call)) {
      throw Hosted.notClaude(call);
    }
    return claude(call);
  }

  private static String publisher(ProviderCall call, String name) {
    var options = call.target().options();
    return "/"
        + options.getOrDefault("api_version", "v1")
        + "/projects/"
        + Splice.segment(Hosted.option(call, "project"))
        + "/locations/"
        + Splice.segment(location(call))
        + "/publishers/"
        + name
        + "/models/";
  }

  private static String location(ProviderCall call) {
    return call.target().region().isEmpty() ? "global" : call.target().region();
  }

  private static Attempt claude(ProviderCall call) {
    boolean count = call.endpoint() == Endpoint.COUNT_TOKENS;
    AnthropicBetas betas = AnthropicBetas.of(call);
    String version = call.target().options().getOrDefault("anthropic_version", VERSION);
    String model = count ? "count-tokens" : Splice.segment(call.target().model());
    String method = call.stream() ? ":streamRawPredict" : ":rawPredict";
    byte[] body =
        count
            ? AnthropicRequests.body(call)
            : AnthropicRequests.hosted(call, version, betas.allowed(), true);
    var request =
        new UpstreamRequest(
            "POST",
            publisher(call, "anthropic") + model + method,
            List.of(
                new Header("content-type", call.body().contentType()),
                new Header("accept", call.stream() ? "text/event-stream" : "application/json")),
            body);
    return new SplicedAttempt(
        request, betas.refused(), allocator -> new AnthropicUnaryReader(), AnthropicStream::new);
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}
