package io.penstock.providers.translate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
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
    return (headers, body) -> {
      Aggregate whole = aggregate.get();
      Conversion way = conversion.apply(whole, false);
      way.reader().whole(Trees.answer(ByteBufUtil.getBytes(body)));
      Usage usage = way.reader().usage();
      way.writer().end(usage, null);
      byte[] bytes = Trees.bytes(whole.answer());
      ByteBuf answer = allocator.buffer(bytes.length).writeBytes(bytes);
      AnswerSummary summary = way.observed().summary(usage, true);
      CharSequence text = summary.usageReported() ? "" : way.observed().relayed();
      return new Answer(answer, "application/json", summary, text);
    };
  }

  @Override
  public StreamReader streamReader(ByteBufAllocator allocator, StreamReader.Sink sink) {
    EventBuffer events = new EventBuffer(allocator, array);
    return new TranslatedStream(
        frames.apply(allocator), conversion.apply(events, true), events, sink);
  }
}
