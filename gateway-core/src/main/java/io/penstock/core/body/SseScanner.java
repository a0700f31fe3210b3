package io.penstock.core.body;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds the events of a server-sent event stream as its bytes arrive, whatever way they are split.
 * An event is handed on as the slice of bytes it came in; only an event that straddles two chunks
 * is copied. Lines end with LF, CR LF or CR (WHATWG HTML, section 9.2.6).
 *
 * <p>Confined to one thread. {@link #close} must be called once; it is safe to call again.
 */
public final class SseScanner implements AutoCloseable {
  /** Larger than any honest event; a longer one is an endless or hostile stream. */
  public static final int MAX_EVENT_BYTES = 16 * 1024 * 1024;

  /** Receives whole events. */
  @FunctionalInterface
  public interface Listener {
    /**
     * One event, its blank line included.
     *
     * @param event borrowed; valid only during the call
     */
    void onEvent(ByteBuf event);
  }

  private static final int TEXT = 0;
  private static final int LINE_START = 1;
  private static final int AFTER_CR = 2;

  private final ByteBufAllocator allocator;
  private @Nullable ByteBuf partial;
  private int state = LINE_START;
  private boolean sawLine;
  // After a CR that ended an event: an LF that follows belongs to it.
  private boolean swallowLf;

  /** Creates a scanner; the allocator serves events that straddle chunks. */
  public SseScanner(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Scans one chunk.
   *
   * @param chunk borrowed
   * @throws SseOverflowException when an event passes {@link #MAX_EVENT_BYTES}
   */
  public void feed(ByteBuf chunk, Listener listener) {
    int start = chunk.readerIndex();
    int end = chunk.writerIndex();
    int nextCr =
        -1; // the next CR at or after `at`; most streams have none, so one search per chunk
    for (int at = start; at < end; at++) {
      if (state == TEXT) {
        int lf = chunk.indexOf(at, end, (byte) '\n');
        int lineEnd = lf < 0 ? end : lf;
        if (nextCr < at) {
          int cr = chunk.indexOf(at, end, (byte) '\r');
          nextCr = cr < 0 ? end : cr;
        }
        at = Math.min(lineEnd, nextCr);
        if (at == end) {
          break;
        }
      }
      byte b = chunk.getByte(at);
      if (swallowLf) {
        swallowLf = false;
        if (b == '\n') {
          start = at + 1;
          continue;
        }
      }
      if (step(b)) {
        emit(chunk, start, at + 1, listener);
        start = at + 1;
        swallowLf = b == '\r';
      }
    }
    if (start < end) {
      keep(chunk, start, end);
    }
  }

  /** Advances the line state by one byte; returns whether an event ends with it. */
  private boolean step(byte b) {
    if (b != '\n' && b != '\r') {
      state = TEXT;
      sawLine = true;
      return false;
    }
    if (b == '\n' && state == AFTER_CR) {
      state = LINE_START;
      return false;
    }
    boolean blank = state != TEXT;
    state = b == '\r' ? AFTER_CR : LINE_START;
    if (blank && sawLine) {
      sawLine = false;
      state = LINE_START;
      return true;
    }
    return false;
  }

  private void emit(ByteBuf chunk, int start, int end, Listener listener) {
    ByteBuf held = partial;
    if (held == null) {
      listener.onEvent(chunk.slice(start, end - start));
      return;
    }
    partial = null;
    try {
      held.writeBytes(chunk, start, end - start);
      listener.onEvent(held);
    } finally {
      held.release();
    }
  }

  private void keep(ByteBuf chunk, int start, int end) {
    if (partial == null) {
      partial = allocator.buffer(Math.max(256, end - start));
    }
    partial.writeBytes(chunk, start, end - start);
    if (partial.readableBytes() > MAX_EVENT_BYTES) {
      throw new SseOverflowException();
    }
  }

  /** Hands on an event that lacks its blank line, as SDK decoders do at the end of a stream. */
  public void finish(Listener listener) {
    ByteBuf held = partial;
    partial = null;
    if (held != null) {
      try {
        if (sawLine) {
          listener.onEvent(held);
        }
      } finally {
        held.release();
      }
    }
    sawLine = false;
    state = LINE_START;
  }

  /** Returns whether bytes of an unfinished event are held. */
  public boolean hasPartial() {
    return partial != null && sawLine;
  }

  /**
   * Returns the data of an event: its data lines joined with LF; null when it has none (a comment,
   * a bare event name).
   */
  public static @Nullable String data(ByteBuf event) {
    return SseEvent.data(event.toString(StandardCharsets.UTF_8));
  }

  /** Releases what is held. */
  @Override
  public void close() {
    if (partial != null) {
      partial.release();
      partial = null;
    }
  }
}
