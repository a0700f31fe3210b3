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
import java.util.ArrayList;
import java.util.List;

/**
 * The Anthropic API. The client's {@code anthropic-version} goes upstream as it is; {@code
 * anthropic-beta} is filtered, see {@link AnthropicBetas}.
 */
final class AnthropicProvider implements Provider {
  static final String DEFAULT_VERSION = "2023-06-01";

  private static final Wired WIRED =
      new Wired((call, operation) -> path(operation == Operation.COUNT_TOKENS), false);

  @Override
  public boolean serves(Endpoint endpoint) {
    return endpoint.dialect() == Dialect.ANTHROPIC
        || Translation.serves(endpoint, Dialect.ANTHROPIC);
  }

  private static String path(boolean count) {
    return count ? "/v1/messages/count_tokens" : "/v1/messages";
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    if (call.endpoint().dialect() != Dialect.ANTHROPIC) {
      return Translation.attempt(call, Dialect.ANTHROPIC, WIRED);
    }
    AnthropicBetas betas = AnthropicBetas.of(call);
    String version = call.headers().get("anthropic-version");
    List<Header> headers = new ArrayList<>(4);
    headers.add(new Header("content-type", call.body().contentType()));
    headers.add(new Header("accept", call.stream() ? "text/event-stream" : "application/json"));
    headers.add(new Header("anthropic-version", version == null ? DEFAULT_VERSION : version));
    if (!betas.allowed().isEmpty()) {
      headers.add(new Header("anthropic-beta", String.join(",", betas.allowed())));
    }
    AnthropicRequests.Spliced spliced = AnthropicRequests.body(call, betas);
    var request =
        new UpstreamRequest(
            "POST", path(call.endpoint() == Endpoint.COUNT_TOKENS), headers, spliced.body());
    return new SplicedAttempt(
        request, spliced.dropped(), allocator -> new AnthropicUnaryReader(), AnthropicStream::new);
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}
