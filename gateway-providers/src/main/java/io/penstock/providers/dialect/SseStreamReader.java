package io.penstock.providers.dialect;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.FailureKind;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.SseOverflowException;
import io.penstock.core.body.SseScanner;
import io.penstock.core.price.Usage;
import io.penstock.providers.ClippedText;
import io.penstock.providers.Failure;
import io.penstock.providers.SseData;
import io.penstock.providers.StreamReader;
import io.penstock.providers.Told;

/**
 * What all readers of server-sent events share: events are found whatever way the bytes are split,
 * and each goes on as the slice it came in.
 *
 * <pre>
 *   reading --finish--&gt; over        (complete: settled, last bytes emitted)
 *      |----fail------&gt; over        (told once)
 * </pre>
 */
abstract class SseStreamReader implements StreamReader {
  private final SseScanner scanner;
  private final SseScanner.Listener listener = this::event;
  private final SseData data = new SseData();
  private String unread = "";
  private boolean over;
  private boolean complete;
  private boolean told;

  final ByteBufAllocator allocator;
  final Sink sink;
  final JsonKeys keys = new JsonKeys();
  final RelayedText relayed = new RelayedText();

  /** The data of the current event lies at {@code [from, to)}; valid during {@link #onData}. */
  byte[] json = EmptyArrays.EMPTY_BYTES;

  int from;
  int to;

  /** Whether {@link #json} holds the event byte for byte, so that offsets fit both. */
  boolean aligned;

  SseStreamReader(ByteBufAllocator allocator, Sink sink) {
    this.allocator = allocator;
    this.sink = sink;
    this.scanner = new SseScanner(allocator);
  }

  /** An event with data. */
  abstract void onData(ByteBuf event);

  /** The provider closed the stream and the reader is not over yet. */
  abstract void onEnd();

  @Override
  public final void read(ByteBuf chunk) {
    if (over) {
      return;
    }
    try {
      scanner.feed(chunk, listener);
    } catch (SseOverflowException e) {
      fail(Failure.of(e));
    }
  }

  @Override
  public final void end() {
    if (over) {
      return;
    }
    unread = scanner.unread();
    try {
      scanner.finish(this::lastEvent);
    } catch (SseOverflowException e) {
      fail(Failure.of(e));
    }
    if (!over) {
      onEnd();
    }
  }

  /** An event without its blank line: taken when its data is whole, else it is what was cut. */
  private void lastEvent(ByteBuf event) {
    load(event);
    if (from >= 0 && (dataIs("[DONE]") || JsonTrees.read(json, from, to).isObject())) {
      unread = "";
      onData(event);
    }
    forgetLarge(event);
  }

  private void event(ByteBuf event) {
    if (over) {
      return;
    }
    load(event);
    if (from < 0) {
      onOther(event);
    } else {
      onData(event);
    }
    forgetLarge(event);
  }

  /** The memory of a large event was taken for as long as it is read. */
  private void forgetLarge(ByteBuf event) {
    if (event.readableBytes() > BodyMemory.SMALL || json.length > BodyMemory.SMALL) {
      data.forget();
      json = data.bytes();
      keys.reset(json, 0, 0);
    }
  }

  /** A comment or a bare event name: kept, it may be a keep-alive. */
  void onOther(ByteBuf event) {
    emit(event, false);
  }

  private void load(ByteBuf event) {
    boolean has = data.load(event);
    json = data.bytes();
    from = has ? data.from() : -1;
    to = data.to();
    aligned = data.aligned();
  }

  /** Returns whether the data is this ASCII text. */
  final boolean dataIs(String text) {
    return SseData.is(json, from, to, text);
  }

  /** Returns whether the data looks like a JSON object. */
  final boolean dataIsObject() {
    return from < to && json[from] == '{';
  }

  /** The data is no JSON object, where nothing else may stand; an event without data may. */
  final void refuseData() {
    if (from < to) {
      fail(
          Failure.of(
              FailureKind.MALFORMED, "The provider's stream holds an event that is not JSON."));
    }
  }

  final void emit(ByteBuf event, boolean content) {
    sink.emit(event.retainedSlice(), content);
  }

  final void emitText(String text) {
    sink.emit(ByteBufUtil.writeUtf8(allocator, text), false);
  }

  final void fail(Failure failure) {
    if (!over) {
      over = true;
      sink.fail(failure);
    }
  }

  /** The answer is whole: nothing after this is read. */
  final void over() {
    over = true;
    complete = true;
  }

  /** It fails with an event that tells what was used: no more will be told. */
  final void tellsUsage() {
    told = true;
  }

  /** Returns whether the usage that was read is all: of a whole answer, or told by a failure. */
  final boolean isUsageWhole() {
    return complete || told;
  }

  /**
   * Returns what the usage of a conversation tells.
   *
   * @param latest whether nothing was written behind the output that it tells
   * @param calls whether it calls a tool
   */
  final Told told(Usage usage, boolean latest, boolean calls) {
    return isUsageWhole() ? Told.of(usage, latest, calls || relayed.length() > 0) : Told.PART;
  }

  final boolean isOver() {
    return over;
  }

  /** Adds the string at the current key to the relayed text. */
  final void relay() {
    keys.relay(relayed);
  }

  static Failure cut() {
    return Failure.of(FailureKind.CUT, "The provider's stream ended before it was finished.");
  }

  @Override
  public long relayedBytes() {
    return relayed.length();
  }

  @Override
  public CharSequence relayedText() {
    String behind = unread.isEmpty() ? scanner.unread() : unread;
    return ClippedText.join(relayed.text(), behind);
  }

  @Override
  public void keepText() {
    relayed.keepWhole();
  }

  @Override
  public void close() {
    over = true;
    relayed.close();
    scanner.close();
  }
}
