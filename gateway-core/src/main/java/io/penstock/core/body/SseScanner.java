package io.penstock.core.body;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds the events of a server-sent event stream as its bytes arrive, whatever way they are split.
 * An event is handed on as the slice of bytes it came in; only an event that straddles two chunks
 * is copied. Lines end with LF, CR LF or CR (WHATWG HTML, section 9.2.6). Events over {@link
 * BodyMemory#SMALL} are kept and read in the memory that there is for answers.
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

  /** The blank line has its CR; the LF that goes with it belongs to the event. */
  private static final int ENDING = 3;

  /** No model writes more text than that. */
  private static final int MAX_TEXT_BYTES = 1024 * 1024;

  /** What reading a large event takes: its bytes in an array, and what they are read to. */
  private static final int HEAP_PER_BYTE = 3;

  private final PartialEvent partial;
  private final BodyMemory heap;
  private String unread = "";
  private int state = LINE_START;
  private boolean sawLine;

  /** Creates a scanner; the allocator serves events that straddle chunks. */
  public SseScanner(ByteBufAllocator allocator) {
    this(allocator, BodyMemory.BUFFERS, BodyMemory.HEAP);
  }

  /** Creates a scanner with memory of its own: outside the heap, and on it. */
  SseScanner(ByteBufAllocator allocator, BodyMemory buffers, BodyMemory heap) {
    this.partial = new PartialEvent(allocator, buffers);
    this.heap = heap;
  }

  /**
   * Scans one chunk.
   *
   * @param chunk borrowed
   * @throws SseOverflowException when an event passes {@link #MAX_EVENT_BYTES}, or there is no
   *     memory for it: nothing is to be fed after it
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
      if (state == ENDING) {
        int ends = b == '\n' ? at + 1 : at;
        ended();
        emit(chunk, start, ends, listener);
        start = ends;
        if (b == '\n') {
          continue;
        }
      }
      if (step(b)) {
        emit(chunk, start, at + 1, listener);
        start = at + 1;
      }
    }
    if (start < end) {
      partial.add(chunk, start, end);
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
    boolean ends = state != TEXT && sawLine;
    if (ends && b == '\r' && state == LINE_START) {
      // Its lines end with LF or CR LF, so an LF is to come: only lines that end with CR have none.
      state = ENDING;
      return false;
    }
    state = b == '\r' ? AFTER_CR : LINE_START;
    if (ends) {
      sawLine = false;
    }
    return ends;
  }

  private void ended() {
    state = LINE_START;
    sawLine = false;
  }

  private void emit(ByteBuf chunk, int start, int end, Listener listener) {
    if (partial.isEmpty()) {
      hand(chunk.slice(start, end - start), listener);
    } else {
      if (start < end) {
        partial.add(chunk, start, end);
      }
      handPartial(listener);
    }
  }

  private void handPartial(Listener listener) {
    ByteBuf small = partial.small();
    if (small != null) {
      try {
        listener.onEvent(small);
      } finally {
        small.release();
      }
      return;
    }
    PartialEvent.Whole large = partial.large();
    if (large != null) {
      try {
        hand(large.bytes(), listener);
      } finally {
        partial.release(large);
      }
    }
  }

  private void hand(ByteBuf event, Listener listener) {
    int length = event.readableBytes();
    if (length <= BodyMemory.SMALL) {
      listener.onEvent(event);
      return;
    }
    long takes = (long) HEAP_PER_BYTE * length;
    if (!heap.take(takes)) {
      unread = beginning(event);
      throw SseOverflowException.noMemory(length, takes);
    }
    try {
      listener.onEvent(event);
    } catch (SseOverflowException e) {
      unread = beginning(event);
      throw e;
    } finally {
      heap.give(takes);
    }
  }

  private static String beginning(ByteBuf event) {
    int some = Math.min(event.readableBytes(), MAX_TEXT_BYTES);
    return event.toString(event.readerIndex(), some, StandardCharsets.UTF_8);
  }

  /** Hands on an event that lacks its blank line, as SDK decoders do at the end of a stream. */
  public void finish(Listener listener) {
    if (sawLine) {
      handPartial(listener);
    }
    partial.close();
    ended();
  }

  /** Returns whether bytes of an unfinished event are held. */
  public boolean hasPartial() {
    return !partial.isEmpty() && sawLine && state != ENDING;
  }

  /**
   * Returns the text of a large event that is not whole, as it came, at most a MiB of it: for
   * counting what a stream gave that ends in the middle of it. Also after {@link #close}; "" when
   * there is none.
   */
  public String unread() {
    return unread.isEmpty() ? partial.text(MAX_TEXT_BYTES) : unread;
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
    unread = unread();
    partial.close();
  }
}
