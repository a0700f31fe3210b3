package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.ProviderException;
import io.penstock.providers.StreamReader;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.UpstreamRequest;
import java.util.List;
import java.util.function.Function;

/** A translated call that is never a stream: embeddings and token counts. */
record UnaryAttempt(
    UpstreamRequest request, List<String> dropped, Function<ObjectNode, Result> translate)
    implements Attempt {

  /**
   * The client's answer and what the provider's consumed.
   *
   * @param reported whether the provider said what it consumed, or it costs nothing
   */
  record Result(ObjectNode answer, Usage usage, boolean reported) {}

  @Override
  public UnaryReader unaryReader(ByteBufAllocator allocator) {
    return (headers, body) ->
        LargeAnswer.read(body, json -> translated(json, allocator), this::told);
  }

  private Answer translated(byte[] json, ByteBufAllocator allocator) {
    Result result = translate.apply(Trees.answer(json));
    ByteBuf answer = Trees.buffer(result.answer(), json.length, allocator);
    return new Answer(answer, "application/json", summary(result));
  }

  private static AnswerSummary summary(Result result) {
    return new AnswerSummary(result.usage(), result.reported(), "", false);
  }

  private AnswerSummary told(ObjectNode answer) {
    try {
      return summary(translate.apply(answer));
    } catch (ProviderException e) {
      return AnswerSummary.NONE;
    }
  }

  @Override
  public StreamReader streamReader(ByteBufAllocator allocator, StreamReader.Sink sink) {
    throw new IllegalStateException("this endpoint has no streams");
  }
}
