package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.translate.Translation;
import io.penstock.providers.translate.Wiring;
import java.util.List;

/**
 * Vertex AI: Gemini, embeddings by predict, and Claude by rawPredict. Options: {@code project},
 * {@code api_version} (default {@code v1}), {@code anthropic_version} (default {@code
 * vertex-2023-10-16}). The target's region is the location, {@code global} when there is none.
 */
final class VertexProvider implements Provider {
  private static final String VERSION = "vertex-2023-10-16";

  private static final Wired GEMINI =
      new Wired((call, operation) -> gemini(call) + method(call, operation), false);

  @Override
  public boolean serves(Endpoint endpoint) {
    return endpoint.dialect() == Dialect.GEMINI
        || Translation.serves(endpoint, Dialect.GEMINI)
        || Translation.serves(endpoint, Dialect.ANTHROPIC);
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    if (Hosted.isClaude(call)) {
      return call.endpoint().dialect() == Dialect.ANTHROPIC
          ? claude(call)
          : Translation.attempt(call, Dialect.ANTHROPIC, new VertexClaude());
    }
    return call.endpoint().dialect() == Dialect.GEMINI && !Translation.isOwnToVertex(call)
        ? GeminiProvider.attempt(call, gemini(call))
        : Translation.attempt(call, Dialect.GEMINI, GEMINI);
  }

  private static String gemini(ProviderCall call) {
    return publisher(call, "google") + Splice.segment(call.target().model());
  }

  private static String method(ProviderCall call, Wiring.Operation operation) {
    return switch (operation) {
      case PREDICT -> ":predict";
      case EMBED -> ":embedContent";
      default -> GeminiProvider.method(call, operation);
    };
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

  private static String claudePath(ProviderCall call, boolean count) {
    String model = count ? "count-tokens" : Splice.segment(call.target().model());
    String method = call.stream() ? ":streamRawPredict" : ":rawPredict";
    return publisher(call, "anthropic") + model + method;
  }

  /** Claude for clients of another dialect: the model leaves the body, the version enters it. */
  private static final class VertexClaude implements Wiring {
    private static final Wired PATHS =
        new Wired(
            (call, operation) -> claudePath(call, operation == Operation.COUNT_TOKENS), false);

    @Override
    public UpstreamRequest request(
        ProviderCall call, Operation operation, byte[] body, List<Header> headers) {
      BodyPatch patch = new BodyPatch(RequestBody.parse(body));
      if (operation == Operation.CHAT) {
        patch.remove("model").setText("anthropic_version", version(call));
      }
      return PATHS.request(call, operation, patch.apply(), List.of());
    }

    @Override
    public Failure failure(JsonNode error) {
      return PATHS.failure(error);
    }
  }

  private static String version(ProviderCall call) {
    return call.target().options().getOrDefault("anthropic_version", VERSION);
  }

  private static Attempt claude(ProviderCall call) {
    boolean count = call.endpoint() == Endpoint.COUNT_TOKENS;
    AnthropicBetas betas = AnthropicBetas.of(call);
    AnthropicRequests.Spliced spliced =
        count
            ? AnthropicRequests.body(call, betas)
            : AnthropicRequests.hosted(call, version(call), betas, true);
    var request =
        new UpstreamRequest(
            "POST",
            claudePath(call, count),
            List.of(
                new Header("content-type", call.body().contentType()),
                new Header("accept", call.stream() ? "text/event-stream" : "application/json")),
            spliced.body());
    return new SplicedAttempt(
        request, spliced.dropped(), allocator -> new AnthropicUnaryReader(), AnthropicStream::new);
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}
