package io.penstock.providers.translate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.FailureKind;
import io.penstock.core.body.SseOverflowException;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import io.penstock.providers.StreamReader;
import io.penstock.providers.translate.AnswerParts.Finish;
import org.jspecify.annotations.Nullable;

/**
 * Reads a provider's stream and writes the client's.
 *
 * <pre>
 *   reading --end mark, or EOF after every finish--&gt; over   (settled, last bytes emitted)
 *      |----EOF before a finish, error, garbage----&gt; over   (failed, told once)
 * </pre>
 */
final class TranslatedStream implements StreamReader {
  private final Frames frames;
  private final AnswerReader reader;
  private final AnswerWriter writer;
  private final Observed observed;
  private final EventBuffer events;
  private final Sink sink;
  private boolean over;
  private boolean complete;

  /** The pieces belong together: the reader tells the observer, which tells the writer. */
  TranslatedStream(Frames frames, Conversion conversion, EventBuffer events, Sink sink) {
    this.frames = frames;
    this.reader = conversion.reader();
    this.writer = conversion.writer();
    this.observed = conversion.observed();
    this.events = events;
    this.sink = sink;
  }

  /** One way from a provider's answer to a client's. */
  record Conversion(AnswerReader reader, Observed observed, AnswerWriter writer) {}

  @Override
  public void read(ByteBuf chunk) {
    if (over) {
      return;
    }
    try {
      frames.feed(chunk, this::frame);
      flush();
    } catch (ProviderException e) {
      fail(e.failure());
    } catch (SseOverflowException e) {
      fail(Failure.of(FailureKind.MALFORMED, String.valueOf(e.getMessage())));
    }
  }

  @Override
  public void end() {
    if (over) {
      return;
    }
    try {
      frames.finish(this::frame);
      if (!over) {
        complete();
      }
    } catch (ProviderException e) {
      fail(e.failure());
    }
  }

  private void frame(String type, String data) {
    if (over) {
      return;
    }
    if (data.equals("[DONE]")) {
      complete();
      return;
    }
    reader.event(type, Trees.answer(data));
    if (reader.over()) {
      complete();
    }
  }

  private void complete() {
    if (!reader.finished()) {
      fail(
          Failure.of(
              FailureKind.CUT, "The provider's stream ended before the answer was finished."));
      return;
    }
    flush();
    over = true;
    complete = true;
    String penstock = sink.settle(summary());
    writer.end(reader.usage(), penstock);
    events.endArray();
    flush();
  }

  private void fail(Failure failure) {
    if (!over) {
      flush();
      over = true;
      sink.fail(failure);
    }
  }

  private void flush() {
    boolean content = events.content();
    ByteBuf bytes = events.take();
    if (bytes != null) {
      sink.emit(bytes, content);
    }
  }

  @Override
  public AnswerSummary summary() {
    return observed.summary(reader.usage(), complete);
  }

  @Override
  public long relayedBytes() {
    return observed.relayedBytes();
  }

  @Override
  public CharSequence relayedText() {
    return observed.relayed();
  }

  @Override
  public ByteBuf closing(@Nullable String finish, String message, @Nullable String penstock) {
    over = true;
    events.close();
    if (finish == null) {
      writer.error(message, penstock);
    } else {
      observed.start("", "");
      writer.finish(
          0, finish.equals("content_filter") ? Finish.CONTENT_FILTER : Finish.LENGTH, null);
      writer.end(reader.usage(), penstock);
    }
    events.endArray();
    ByteBuf bytes = events.take();
    return bytes == null ? Unpooled.EMPTY_BUFFER : bytes;
  }

  @Override
  public void close() {
    over = true;
    events.close();
    frames.close();
  }
}
