package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import io.penstock.providers.StreamReader;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.translate.TranslatedStream.Conversion;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/** A conversation in a dialect that is not the client's. */
final class TranslatedAttempt implements Attempt {
  private final UpstreamRequest request;
  private final List<String> dropped;
  private final boolean array;
  private final Function<ByteBufAllocator, Frames> frames;

  /** Makes the way back; the flag says whether it is a stream. */
  private final BiFunction<Outlet, Boolean, Conversion> conversion;

  private final Supplier<Aggregate> aggregate;

  TranslatedAttempt(
      UpstreamRequest request,
      List<String> dropped,
      boolean array,
      Function<ByteBufAllocator, Frames> frames,
      BiFunction<Outlet, Boolean, Conversion> conversion,
      Supplier<Aggregate> aggregate) {
    this.request = request;
    this.dropped = List.copyOf(dropped);
    this.array = array;
    this.frames = frames;
    this.conversion = conversion;
    this.aggregate = aggregate;
  }

  @Override
  public UpstreamRequest request() {
    return request;
  }

  @Override
  public List<String> dropped() {
    return dropped;
  }

  @Override
  public UnaryReader unaryReader(ByteBufAllocator allocator) {
    return (headers, body) ->
        LargeAnswer.read(body, json -> translated(json, allocator), this::told);
  }

  private Answer translated(byte[] json, ByteBufAllocator allocator) {
    Aggregate whole = aggregate.get();
    Conversion way = conversion.apply(whole, false);
    ObjectNode told = Trees.answer(json);
    try {
      way.reader().whole(told);
      Usage usage = way.reader().usage();
      way.writer().endWhole(usage, way.observed().relayedBytes(), null);
      ByteBuf answer = Trees.buffer(whole.answer(), json.length, allocator);
      AnswerSummary summary = way.observed().summary(usage);
      CharSequence text = summary.usageReported() ? "" : way.observed().relayed();
      return new Answer(answer, "application/json", summary, text);
    } catch (ProviderException e) {
      throw untold(e.failure(), summary(way, told));
    } finally {
      way.observed().close();
    }
  }

  /** An answer that tells a usage is whole and paid, whatever else it lacks. */
  private static ProviderException untold(Failure why, AnswerSummary known) {
    boolean paid = !known.usage().isEmpty() && why.kind() == FailureKind.MALFORMED;
    return new ProviderException(
        paid ? Failure.of(FailureKind.UNTRANSLATABLE, why.message()) : why, known);
  }

  /** Returns what an answer tells of its cost that was not read to its end. */
  private static AnswerSummary summary(Conversion way, ObjectNode answer) {
    JsonNode usage = answer.path(way.reader().usageField());
    if (usage.isObject()) {
      way.reader().alsoReported(usage);
    }
    return way.observed().summary(way.reader().usage());
  }

  /** Returns what an answer without its content tells. */
  private AnswerSummary told(ObjectNode answer) {
    Conversion way = conversion.apply(aggregate.get(), false);
    try {
      way.reader().whole(answer);
    } catch (ProviderException e) {
      // What it lacks is what was left out.
      return summary(way, answer);
    } finally {
      way.observed().close();
    }
    return way.observed().summary(way.reader().usage());
  }

  @Override
  public StreamReader streamReader(ByteBufAllocator allocator, StreamReader.Sink sink) {
    EventBuffer events = new EventBuffer(allocator, array);
    return new TranslatedStream(
        frames.apply(allocator), conversion.apply(events, true), events, sink);
  }
}
