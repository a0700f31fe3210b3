package io.penstock.providers.dialect;

import io.netty.buffer.ByteBuf;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyPatch;
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
import io.penstock.providers.translate.UsageReaders;
import io.penstock.providers.translate.Wiring.Operation;
import java.util.List;
import java.util.Set;

/** Cohere's v2 API: rerank is asked for by clients in the same shape. */
final class CohereProvider implements Provider {
  private static final Set<String> FIELDS = Set.of("meta");
  private static final Set<String> EXPECTED = Set.of("results");

  private static final Wired WIRED =
      new Wired(
          (call, operation) -> operation == Operation.EMBED ? "/v2/embed" : "/v2/chat", false);

  @Override
  public boolean serves(Endpoint endpoint) {
    return endpoint == Endpoint.RERANK || Translation.serves(endpoint, Dialect.COHERE);
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    if (call.endpoint() != Endpoint.RERANK) {
      return Translation.attempt(call, Dialect.COHERE, WIRED);
    }
    BodyPatch patch = new BodyPatch(call.body());
    Splice.model(call, patch);
    Splice.parameters(call, patch, List.of("max_tokens"));
    var request =
        new UpstreamRequest(
            "POST",
            "/v2/rerank",
            List.of(
                new Header("content-type", call.body().contentType()),
                new Header("accept", "application/json")),
            patch.apply());
    return new SplicedAttempt(
        request,
        List.of(),
        allocator -> (headers, body) -> rerank(call, body),
        // Rerank has no stream; an answer that comes as one has no finish and is cut.
        OpenAiEventStream::new);
  }

  private static Answer rerank(ProviderCall call, ByteBuf body) {
    AnswerFields answer = AnswerFields.read(body, FIELDS, EXPECTED);
    var usage =
        UsageReaders.cohere(answer.get("meta")).toBuilder().model(call.target().model()).build();
    return new Answer(
        body.retainedSlice(),
        "application/json",
        new AnswerSummary(usage, !usage.isEmpty(), "", false));
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}
