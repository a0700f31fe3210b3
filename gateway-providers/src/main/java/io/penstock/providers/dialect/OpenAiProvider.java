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
import io.penstock.providers.translate.Wiring.Operation;
import java.util.List;
import java.util.Map;

/**
 * OpenAI and everything compatible with it. Options of a target: {@code stream_options: off} for a
 * provider that refuses the field, {@code responses: off} for one that has chat completions only.
 */
final class OpenAiProvider implements Provider {
  private static final Wired WIRED =
      new Wired(
          (call, operation) ->
              operation == Operation.EMBED ? "/embeddings" : OpenAiRequests.path(Endpoint.CHAT),
          false);

  @Override
  public boolean serves(Endpoint endpoint) {
    return isNative(endpoint) || Translation.serves(endpoint, Dialect.OPENAI);
  }

  /** Returns whether clients ask for it in this dialect. */
  static boolean isNative(Endpoint endpoint) {
    return switch (endpoint) {
      case PASSTHROUGH, STORED_RESPONSE, MODELS, USAGE -> false;
      default -> endpoint.dialect() == Dialect.OPENAI;
    };
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    return isNative(call.endpoint()) && !lacks(call)
        ? attempt(call, OpenAiRequests.path(call.endpoint()))
        : Translation.attempt(call, Dialect.OPENAI, WIRED);
  }

  /** Returns whether it is a call of Responses to a provider without them. */
  private static boolean lacks(ProviderCall call) {
    return switch (call.endpoint()) {
      case RESPONSES, RESPONSES_INPUT_TOKENS ->
          "off".equals(call.target().options().get("responses"));
      default -> false;
    };
  }

  /** Makes an attempt at another path, for providers with the same bodies (Azure). */
  static Attempt attempt(ProviderCall call, String path) {
    Map<String, String> options = call.target().options();
    boolean chat = call.endpoint() == Endpoint.CHAT || call.endpoint() == Endpoint.COMPLETIONS;
    boolean ask = chat && call.stream() && !"off".equals(options.get("stream_options"));
    byte[] body = OpenAiRequests.body(call, ask);
    var request =
        new UpstreamRequest(
            "POST",
            path,
            List.of(
                new Header("content-type", call.body().contentType()),
                new Header(
                    "accept", call.stream() ? "text/event-stream" : accept(call.endpoint()))),
            body);
    return new SplicedAttempt(
        request,
        List.of(),
        allocator ->
            new OpenAiUnaryReader(
                call.endpoint(),
                OpenAiRequests.spokenCharacters(call),
                OpenAiRequests.embeddingInputs(call)),
        (allocator, sink) ->
            chat
                ? new OpenAiChatStream(
                    allocator,
                    sink,
                    OpenAiRequests.wantsUsage(call.body()),
                    call.endpoint() == Endpoint.COMPLETIONS,
                    OpenAiRequests.choices(call))
                : new OpenAiEventStream(allocator, sink));
  }

  private static String accept(Endpoint endpoint) {
    return switch (endpoint) {
      case SPEECH, TRANSCRIPTIONS, TRANSLATIONS -> "*/*";
      default -> "application/json";
    };
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}
