package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.translate.Translation;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * Amazon Bedrock. Claude is invoked in its own dialect (InvokeModel) when the client speaks it.
 * Option {@code anthropic_version}: what the body says, {@code bedrock-2023-05-31} by default.
 */
final class BedrockProvider implements Provider {
  private static final String VERSION = "bedrock-2023-05-31";
  private static final Set<String> COUNT = Set.of("inputTokens");

  private static final Wired WIRED =
      new Wired(
          (call, operation) -> model(call) + (call.stream() ? "/converse-stream" : "/converse"),
          true);

  @Override
  public boolean serves(Endpoint endpoint) {
    return endpoint.dialect() == Dialect.ANTHROPIC || Translation.serves(endpoint, Dialect.BEDROCK);
  }

  /** Only Claude's tokens can be counted there. */
  @Override
  public boolean serves(Endpoint endpoint, String model) {
    return serves(endpoint) && (endpoint != Endpoint.COUNT_TOKENS || Hosted.isClaude(model));
  }

  private static String model(ProviderCall call) {
    return "/model/" + Splice.segment(call.target().model());
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    if (call.endpoint().dialect() != Dialect.ANTHROPIC || !Hosted.isClaude(call)) {
      return Translation.attempt(call, Dialect.BEDROCK, WIRED);
    }
    AnthropicBetas betas = AnthropicBetas.of(call);
    String version = call.target().options().getOrDefault("anthropic_version", VERSION);
    AnthropicRequests.Spliced spliced = AnthropicRequests.hosted(call, version, betas, false);
    byte[] body = spliced.body();
    String model = model(call);
    if (call.endpoint() == Endpoint.COUNT_TOKENS) {
      return new SplicedAttempt(
          request(model + "/count-tokens", "application/json", countBody(body)),
          spliced.dropped(),
          allocator -> (headers, answer) -> count(allocator, answer),
          AnthropicStream::new);
    }
    return new SplicedAttempt(
        call.stream()
            ? request(
                model + "/invoke-with-response-stream", "application/vnd.amazon.eventstream", body)
            : request(model + "/invoke", "application/json", body),
        spliced.dropped(),
        allocator -> new AnthropicUnaryReader(),
        FramedStream::new);
  }

  private static UpstreamRequest request(String path, String accept, byte[] body) {
    return new UpstreamRequest(
        "POST",
        path,
        List.of(new Header("content-type", "application/json"), new Header("accept", accept)),
        body);
  }

  private static byte[] countBody(byte[] invoke) {
    String json =
        "{\"input\":{\"invokeModel\":{\"body\":\""
            + Base64.getEncoder().encodeToString(invoke)
            + "\"}}}";
    return json.getBytes(StandardCharsets.US_ASCII);
  }

  private static Answer count(ByteBufAllocator allocator, ByteBuf body) {
    JsonNode tokens = AnswerFields.read(body, COUNT, COUNT).get("inputTokens");
    return new Answer(
        ByteBufUtil.writeUtf8(allocator, "{\"input_tokens\":" + tokens.asLong() + "}"),
        "application/json",
        new AnswerSummary(AnswerSummary.NONE.usage(), true, "", false));
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}
