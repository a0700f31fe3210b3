package io.penstock.core.body;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an event that is not whole yet. A small one is one buffer; a larger one is pieces,
 * so that nothing is copied twice, and each of them is taken from the memory that there is for
 * answers. Confined to one thread; serves the events of a stream one after the other.
 */
final class PartialEvent {
  private static final int PIECE_BYTES = BodyMemory.SMALL;

  /** More than the longest event has, whose first piece and last are not full. */
  private static final int MOST_PIECES = SseScanner.MAX_EVENT_BYTES / PIECE_BYTES * 2;

  private final ByteBufAllocator allocator;
  private final BodyMemory memory;

  /** The last piece, which is the only one of a small event. */
  private @Nullable ByteBuf last;

  /** The full ones of a large event. */
  private @Nullable CompositeByteBuf full;

  private int length;
  private long taken;

  /** Creates it empty; the memory is asked for what large events take. */
  PartialEvent(ByteBufAllocator allocator, BodyMemory memory) {
    this.allocator = allocator;
    this.memory = memory;
  }

  /** A whole event, and the room that it was taken in. Given back once by whoever has it. */
  record Whole(ByteBuf bytes, long room) {}

  boolean isEmpty() {
    return length == 0;
  }

  /**
   * Copies bytes behind the others.
   *
   * @throws SseOverflowException when the event is too long, or there is no room for it
   */
  void add(ByteBuf chunk, int start, int end) {
    int more = end - start;
    if (length + more > SseScanner.MAX_EVENT_BYTES) {
      throw SseOverflowException.tooLong();
    }
    if (length + more <= BodyMemory.SMALL) {
      ByteBuf into = last;
      if (into == null) {
        into = allocator.buffer(Math.max(256, more));
        last = into;
      }
      into.writeBytes(chunk, start, more);
      length += more;
      return;
    }
    if (full == null) {
      begin();
    }
    for (int at = start; at < end; ) {
      ByteBuf into = last == null || !last.isWritable() ? next() : last;
      int fits = Math.min(into.writableBytes(), end - at);
      into.writeBytes(chunk, at, fits);
      at += fits;
      length += fits;
    }
  }

  /** The event is not small any more: what there is of it is its first piece. */
  private void begin() {
    take();
    CompositeByteBuf pieces = allocator.compositeBuffer(MOST_PIECES);
    full = pieces;
    if (last != null) {
      pieces.addComponent(true, last);
      last = null;
    }
  }

  private ByteBuf next() {
    take();
    CompositeByteBuf pieces = full;
    if (pieces != null && last != null) {
      pieces.addComponent(true, last);
      last = null;
    }
    ByteBuf piece = allocator.buffer(PIECE_BYTES, PIECE_BYTES);
    last = piece;
    return piece;
  }

  private void take() {
    if (!memory.take(PIECE_BYTES)) {
      throw SseOverflowException.noRoom(length, memory.most());
    }
    taken += PIECE_BYTES;
  }

  /** Returns the bytes of a small event, and holds nothing any more. Null for a large one. */
  @Nullable ByteBuf small() {
    ByteBuf whole = full == null ? last : null;
    if (whole != null) {
      last = null;
      length = 0;
    }
    return whole;
  }

  /** Returns a large event with what it has taken, and holds nothing any more. */
  @Nullable Whole large() {
    CompositeByteBuf whole = full;
    if (whole == null) {
      return null;
    }
    if (last != null) {
      whole.addComponent(true, last);
    }
    Whole event = new Whole(whole, taken);
    last = null;
    full = null;
    length = 0;
    taken = 0;
    return event;
  }

  /** Gives back what a large event took. */
  void release(Whole event) {
    event.bytes().release();
    memory.give(event.room());
  }

  /** Returns the beginning of a large event as text, at most so many bytes; "" of a small one. */
  String text(int most) {
    CompositeByteBuf pieces = full;
    if (pieces == null) {
      return "";
    }
    int before = Math.min(most, pieces.readableBytes());
    String text = pieces.toString(0, before, UTF_8);
    ByteBuf behind = last;
    return behind == null
        ? text
        : text + behind.toString(0, Math.min(most - before, behind.readableBytes()), UTF_8);
  }

  /** Releases what is held. Safe to call again. */
  void close() {
    ByteBuf small = small();
    if (small != null) {
      small.release();
    }
    Whole large = large();
    if (large != null) {
      release(large);
    }
  }
}
