package io.penstock.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which block a key has: open addressing over one array of places, a chunk's number and an offset.
 * The keys are in the blocks and the array is outside the heap, so an entry has nothing that a
 * collector would copy or free. Its size never changes. Guarded by its owner's lock.
 */
final class BlockTable {
  /** No place. */
  static final long NONE = 0;

  /** Average bytes of an entry below which the table and not the memory is the bound. */
  private static final int BYTES_PER_PLACE = 256;

  private static final int MIN_PLACES = 64;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment places;
  private final int last;
  private final int shift;

  /** Random and odd: nobody outside can find keys that share a place. */
  private final long multiplier = new SecureRandom().nextLong() | 1;

  private final List<@Nullable Chunk> chunks = new ArrayList<>();
  private int count;

  /** Makes a table for so many bytes of entries. */
  BlockTable(long maxBytes) {
    long wanted = Math.clamp(maxBytes / BYTES_PER_PLACE, MIN_PLACES, 1 << 28);
    int bits = Long.SIZE - Long.numberOfLeadingZeros(wanted - 1);
    this.places = arena.allocate(ValueLayout.JAVA_LONG, 1L << bits);
    this.last = (1 << bits) - 1;
    this.shift = Long.SIZE - bits;
  }

  /** Returns what the table itself takes. */
  long bytes() {
    return places.byteSize();
  }

  int count() {
    return count;
  }

  /** Returns whether something must go before more comes. */
  boolean isCrowded() {
    return count >= last / 4 * 3;
  }

  /** Returns a number that no chunk has. */
  int freeNumber() {
    int free = chunks.indexOf(null);
    return free < 0 ? chunks.size() : free;
  }

  /** Makes a chunk known; its blocks come one by one. */
  void add(Chunk chunk) {
    while (chunks.size() <= chunk.number()) {
      chunks.add(null);
    }
    chunks.set(chunk.number(), chunk);
  }

  /** Forgets a chunk, of which no block is here any more. */
  void drop(Chunk chunk) {
    chunks.set(chunk.number(), null);
  }

  Chunk chunk(long place) {
    Chunk chunk = chunks.get((int) (place >>> Integer.SIZE) - 1);
    if (chunk == null) {
      throw new IllegalStateException("a place in a chunk that is gone");
    }
    return chunk;
  }

  static int offset(long place) {
    return (int) place;
  }

  /** Returns where the key's block is, or {@link #NONE}. */
  long find(CacheKey key) {
    int i = home(key.a());
    long place = at(i);
    while (place != NONE && !chunk(place).isKey(offset(place), key)) {
      i = next(i);
      place = at(i);
    }
    return place;
  }

  /** Returns whether it is the block that its key finds. */
  boolean holds(long place) {
    return at(indexOf(place)) == place;
  }

  /** Adds a block whose key is not here. */
  void add(long place) {
    int i = home(keyWord(place));
    while (at(i) != NONE) {
      i = next(i);
    }
    set(i, place);
    count++;
  }

  /** Says that a block that is here will be elsewhere; before it is moved. */
  void move(long from, long to) {
    set(indexOf(from), to);
  }

  /** Removes a block that is here. What lies behind it closes up, so that every probe ends soon. */
  void remove(long place) {
    int hole = indexOf(place);
    for (int i = next(hole); at(i) != NONE; i = next(i)) {
      int fromHome = (i - home(keyWord(at(i)))) & last;
      if (fromHome >= ((i - hole) & last)) {
        set(hole, at(i));
        hole = i;
      }
    }
    set(hole, NONE);
    count--;
  }

  /** Returns the index of the place, or of the gap where the search for it ends. */
  private int indexOf(long place) {
    int i = home(keyWord(place));
    while (at(i) != NONE && at(i) != place) {
      i = next(i);
    }
    return i;
  }

  private long keyWord(long place) {
    return chunk(place).keyWord(offset(place));
  }

  private int home(long word) {
    return (int) ((word * multiplier) >>> shift);
  }

  private int next(int i) {
    return (i + 1) & last;
  }

  private long at(int i) {
    return places.getAtIndex(ValueLayout.JAVA_LONG, i);
  }

  private void set(int i, long place) {
    places.setAtIndex(ValueLayout.JAVA_LONG, i, place);
  }

  /** Gives the memory back. Nothing may be asked afterwards. */
  void close() {
    arena.close();
  }
}
