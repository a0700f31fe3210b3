package io.penstock.providers.dialect;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.FailureKind;
import io.penstock.core.body.SseOverflowException;
import io.penstock.core.body.SseScanner;
import io.penstock.providers.Failure;
import io.penstock.providers.StreamReader;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What all readers of server-sent events share: events are found whatever way the bytes are split,
 * their data is copied to a scratch array (cheaper than reading a direct buffer byte by byte), and
 * the event itself goes on as the slice it came in.
 *
 * <pre>
 *   reading --finish--&gt; over        (complete: settled, last bytes emitted)
 *      |----fail------&gt; over        (told once)
 * </pre>
 */
abstract class SseStreamReader implements StreamReader {
  private static final byte[] DATA = {'d', 'a', 't', 'a'};

  private final SseScanner scanner;
  private final SseScanner.Listener listener = this::event;
  private byte[] scratch = EmptyArrays.EMPTY_BYTES;
  private boolean over;
  private boolean complete;

  final ByteBufAllocator allocator;
  final Sink sink;
  final JsonKeys keys = new JsonKeys();
  final RelayedText relayed = new RelayedText();

  /** The data of the current event lies at {@code [from, to)}; valid during {@link #onData}. */
  byte[] json = scratch;

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
      fail(Failure.of(FailureKind.MALFORMED, String.valueOf(e.getMessage())));
    }
  }

  @Override
  public final void end() {
    if (over) {
      return;
    }
    scanner.finish(this::lastEvent);
    if (!over) {
      onEnd();
    }
  }

  /** An event without its blank line: taken when its data is whole, else it is what was cut. */
  private void lastEvent(ByteBuf event) {
    load(event);
    if (from >= 0 && (dataIs("[DONE]") || JsonTrees.read(json, from, to).isObject())) {
      onData(event);
    }
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
  }

  /** A comment or a bare event name: kept, it may be a keep-alive. */
  void onOther(ByteBuf event) {
    emit(event, false);
  }

  private void load(ByteBuf event) {
    int length = event.readableBytes();
    if (scratch.length < length) {
      scratch = new byte[Math.max(1024, length + length / 2)];
    }
    event.getBytes(event.readerIndex(), scratch, 0, length);
    json = scratch;
    from = -1;
    to = -1;
    aligned = true;
    byte[] joined = null;
    for (int line = 0; line < length; ) {
      int lineEnd = lineEnd(line, length);
      int value = dataStart(line, lineEnd);
      if (value >= 0) {
        if (from < 0) {
          from = value;
          to = lineEnd;
        } else {
          joined = join(joined, value, lineEnd);
        }
      }
      line = lineEnd + 1;
    }
    if (joined != null) {
      json = joined;
      from = 0;
      to = joined.length;
      aligned = false;
    }
  }

  private byte[] join(byte @Nullable [] joined, int value, int lineEnd) {
    byte[] before = joined == null ? Arrays.copyOfRange(scratch, from, to) : joined;
    byte[] all = Arrays.copyOf(before, before.length + 1 + lineEnd - value);
    all[before.length] = '\n';
    System.arraycopy(scratch, value, all, before.length + 1, lineEnd - value);
    return all;
  }

  private int lineEnd(int line, int length) {
    int at = line;
    while (at < length && scratch[at] != '\n' && scratch[at] != '\r') {
      at++;
    }
    return at;
  }

  /** Returns where the value of a data line begins, or -1 when the line is another field. */
  private int dataStart(int line, int lineEnd) {
    // A byte order mark may precede the very first line.
    int at = lineEnd - line > 3 && scratch[line] == (byte) 0xEF ? line + 3 : line;
    if (lineEnd - at < DATA.length || !Arrays.equals(scratch, at, at + DATA.length, DATA, 0, 4)) {
      return -1;
    }
    at += DATA.length;
    if (at == lineEnd) {
      return at;
    }
    if (scratch[at] != ':') {
      return -1;
    }
    at++;
    return at < lineEnd && scratch[at] == ' ' ? at + 1 : at;
  }

  /** Returns whether the data is this ASCII text. */
  final boolean dataIs(String text) {
    if (to - from != text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (json[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether the data looks like a JSON object. */
  final boolean dataIsObject() {
    return from < to && json[from] == '{';
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

  /** Returns whether the answer is whole. */
  final boolean isComplete() {
    return complete;
  }

  final boolean isOver() {
    return over;
  }

  /** Adds the string at the current key to the relayed text. */
  final void relay() {
    relayed.add(json, keys.valueStart() + 1, keys.valueEnd() - 1);
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
    return relayed.toString();
  }

  @Override
  public void close() {
    over = true;
    scanner.close();
  }
}
