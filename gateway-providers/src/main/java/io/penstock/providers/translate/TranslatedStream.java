package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.FailureKind;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.SseOverflowException;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.ClippedText;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import io.penstock.providers.SseData;
import io.penstock.providers.StreamReader;
import io.penstock.providers.translate.AnswerParts.Finish;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
  private final EventShape shape = new EventShape();
  private final Frames.Listener listener = this::frame;
  private byte @Nullable [] lateUsage;
  private String unread = "";
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
      frames.feed(chunk, listener);
      flush();
    } catch (ProviderException e) {
      fail(e.failure());
    } catch (SseOverflowException e) {
      fail(Failure.of(e));
    }
  }

  @Override
  public void end() {
    if (over) {
      return;
    }
    String held = frames.unread();
    try {
      frames.finish(listener);
      if (!over && reader.lacks()) {
        fail(cut());
      } else if (!over) {
        complete();
      }
    } catch (ProviderException e) {
      unread = held;
      fail(e.failure());
    } catch (SseOverflowException e) {
      unread = held;
      fail(Failure.of(e));
    }
  }

  private void frame(String type, byte[] data, int from, int to) {
    if (over) {
      return;
    }
    String text = shape.match(type, data, from, to);
    if (text != null) {
      again(text);
      if (shape.usageEnd() > 0) {
        lateUsage = Arrays.copyOfRange(data, shape.usageStart(), shape.usageEnd());
      }
    } else if (SseData.is(data, from, to, "[DONE]")) {
      complete();
    } else {
      read(type, data, from, to);
    }
  }

  /** An event like the last one but for its text; readers tell no empty pieces. */
  private void again(String text) {
    if (!text.isEmpty()) {
      reader.alsoTold(text);
      observed.again(text);
    }
  }

  private void read(String type, byte[] data, int from, int to) {
    shape.forget();
    observed.next();
    Usage before = usage();
    // As text first: bytes that are not UTF-8 are replaced, where a parser of bytes would fail.
    ObjectNode event = Trees.answer(new String(data, from, to - from, StandardCharsets.UTF_8));
    reader.event(type, event);
    String only = observed.only();
    if (reader.over()) {
      complete();
    } else if (to - from > BodyMemory.SMALL) {
      // The memory that it is read in is given back.
      observed.next();
    } else if (only != null) {
      shape.learn(type, data, from, to, only, reader.usageField());
      if (!isUsageKnown(event, data, reader.usage().equals(before))) {
        shape.forget();
      }
    }
  }

  /** Returns whether the shape says where the usage of such an event is, or that it has none. */
  private boolean isUsageKnown(ObjectNode event, byte[] data, boolean same) {
    JsonNode reported = event.path(reader.usageField());
    if (!reported.isObject()) {
      return same && shape.usageEnd() == 0;
    }
    int from = shape.usageStart();
    int length = shape.usageEnd() - from;
    return length > 0
        && reported.equals(Trees.parse(new String(data, from, length, StandardCharsets.UTF_8)));
  }

  /** Returns the usage known by now: that of events of a known shape is read only here. */
  private Usage usage() {
    byte[] late = lateUsage;
    if (late != null) {
      lateUsage = null;
      JsonNode reported = Trees.parse(new String(late, StandardCharsets.UTF_8));
      // What is not JSON reports nothing, and is then counted.
      reader.alsoReported(reported == null ? MissingNode.getInstance() : reported);
    }
    return reader.usage();
  }

  private void complete() {
    if (!reader.finished()) {
      fail(cut());
      return;
    }
    flush();
    over = true;
    complete = true;
    String penstock = sink.settle(summary());
    writer.endWhole(usage(), observed.relayedBytes(), penstock);
    events.endArray();
    flush();
  }

  private static Failure cut() {
    return Failure.of(
        FailureKind.CUT, "The provider's stream ended before the answer was finished.");
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
    return observed.summary(usage(), complete || reader.isUsageTold());
  }

  @Override
  public long relayedBytes() {
    return observed.relayedBytes();
  }

  @Override
  public void keepText() {
    observed.keepWhole();
  }

  @Override
  public CharSequence relayedText() {
    String behind = unread.isEmpty() ? frames.unread() : unread;
    return ClippedText.join(observed.relayed(), behind);
  }

  @Override
  public ByteBuf closing(Closing how, @Nullable String penstock) {
    over = true;
    events.close();
    switch (how) {
      case Closing.Broken broken -> writer.error(broken, penstock);
      case Closing.Shortened(String finish) -> {
        observed.start("", "");
        observed.cut(finish.equals("content_filter") ? Finish.CONTENT_FILTER : Finish.LENGTH);
        // Mostly nothing was reported yet of its output.
        writer.endUntold(AnswerWriter.atLeast(usage(), observed.relayedBytes()), penstock);
      }
    }
    events.endArray();
    ByteBuf bytes = events.take();
    return bytes == null ? Unpooled.EMPTY_BUFFER : bytes;
  }

  @Override
  public void close() {
    over = true;
    observed.close();
    events.close();
    frames.close();
  }
}
