package io.penstock.server.call.serve;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.penstock.core.FailureKind;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.SseScanner;
import io.penstock.providers.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The events of a stream that its client does not see yet. Small ones are copied together: kept as
 * the slices they came in, each would cost ten times its bytes of heap, and the buffer that it was
 * read in. A little is free for every call, all else is taken from the memory of answers. Confined
 * to the call's loop.
 */
final class Held {
  /** So much is not asked for, bytes: mostly a stream's first event is all there is. */
  static final int FREE_BYTES = 4 * 1024;

  /** No honest stream has more in events of up to 64 KiB before its first content, bytes. */
  static final int MOST_SMALL_BYTES = 4 << 20;

  /** Nor more in all, bytes: what one event may have. */
  static final int MOST_BYTES = SseScanner.MAX_EVENT_BYTES;

  private static final int PIECE_BYTES = BodyMemory.SMALL;
  private static final int FIRST_BYTES = 512;

  private final ByteBufAllocator allocator;
  private final BodyMemory memory;
  private final List<ByteBuf> pieces = new ArrayList<>(2);

  /** The last piece where small events may still be copied to it. */
  private @Nullable ByteBuf filling;

  /** What the pieces' buffers have, bytes. */
  private long room;

  private long taken;
  private long bytes;
  private long smallBytes;

  Held() {
    this(ByteBufAllocator.DEFAULT, BodyMemory.BUFFERS);
  }

  /** Creates it empty, with memory of its own. */
  Held(ByteBufAllocator allocator, BodyMemory memory) {
    this.allocator = allocator;
    this.memory = memory;
  }

  /** Returns the bytes of the events. */
  long bytes() {
    return bytes;
  }

  /** Returns the events in order, in pieces of whole ones; borrowed. */
  List<ByteBuf> pieces() {
    return pieces;
  }

  /**
   * Takes events to hold them, owned.
   *
   * @return false when there is no memory for them: then all are to go on, or to be released, now
   */
  boolean add(ByteBuf events) {
    int length = events.readableBytes();
    if (length > PIECE_BYTES) {
      addLast(events);
      return takes(length);
    }
    smallBytes += length;
    ByteBuf into = place(length);
    if (into == null) {
      addLast(events);
      return false;
    }
    bytes += length;
    try {
      into.writeBytes(events);
    } finally {
      events.release();
    }
    return true;
  }

  /** Takes events that go on, or are released, with all that is held; owned, and asks nobody. */
  void addLast(ByteBuf events) {
    bytes += events.readableBytes();
    filling = null;
    pieces.add(events);
  }

  /** Returns where that many bytes fit; null when there is no memory for them. */
  private @Nullable ByteBuf place(int length) {
    ByteBuf last = filling;
    if (last != null && last.maxWritableBytes() >= length) {
      int grown = Math.max(last.capacity(), capacity(last.writerIndex() + length));
      return takes(grown - last.capacity()) ? last.capacity(grown) : null;
    }
    int capacity = capacity(Math.max(FIRST_BYTES, length));
    if (!takes(capacity)) {
      return null;
    }
    ByteBuf piece = allocator.buffer(capacity, PIECE_BYTES);
    pieces.add(piece);
    filling = piece;
    return piece;
  }

  /** Returns the power of two in which so many bytes fit. */
  private int capacity(int least) {
    return allocator.calculateNewCapacity(least, PIECE_BYTES);
  }

  private boolean takes(long more) {
    long all = room + more;
    if (all > FREE_BYTES) {
      if (!memory.take(all - taken)) {
        return false;
      }
      taken = all;
    }
    room = all;
    return true;
  }

  /** Returns whether it is more than any answer begins with. */
  boolean isEndless() {
    return smallBytes > MOST_SMALL_BYTES || bytes > MOST_BYTES;
  }

  /** Returns why no more of it is taken. */
  Failure tooMuch() {
    return isEndless()
        ? Failure.of(
            FailureKind.MALFORMED,
            "The provider's stream has over " + bytes + " bytes before its first content.")
        : Failure.of(
            FailureKind.TOO_LARGE,
            "there is no room to hold a stream until its first content: it has over "
                + bytes
                + " bytes (expected: all that are held at once <= "
                + memory.most()
                + ")");
  }

  /** Gives the events on, in order; each piece is owned by the taker. */
  void giveTo(Consumer<ByteBuf> taker) {
    for (int i = 0; i < pieces.size(); i++) {
      // Whose they are when one fails: what was passed is no longer held.
      taker.accept(pieces.set(i, Unpooled.EMPTY_BUFFER));
    }
    release();
  }

  /** Forgets all; it may be filled anew. */
  void release() {
    pieces.forEach(ByteBuf::release);
    pieces.clear();
    filling = null;
    memory.give(taken);
    taken = 0;
    room = 0;
    bytes = 0;
    smallBytes = 0;
  }
}
