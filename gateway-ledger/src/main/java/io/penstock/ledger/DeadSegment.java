package io.penstock.ledger;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Segment}'s file, read after its process has died. What cannot be read is told and passed
 * over: reading goes on at the next record that is whole. Confined to one thread.
 *
 * <p>A killed process leaves all that it stored, in order: at most the body of one last record
 * whose length was not stored yet. That is the end, and nothing is lost. A power loss leaves any of
 * the pages that were not forced; anything else is damage.
 */
final class DeadSegment implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final ByteBuffer map;
  private final int size;

  /** Behind the last byte that is not 0. */
  private final int used;

  private final CRC32C crc = new CRC32C();
  private int position = Segment.HEADER;
  private @Nullable Damage damage;

  /**
   * Where records may be lost.
   *
   * @param offset of its begin, bytes
   * @param torn whether it is no more than a last record, as a power loss leaves one that was not
   *     forced yet
   */
  record Damage(int offset, String what, boolean torn) {}

  /** Opens a file for reading; one that is shorter than a header never held a record. */
  DeadSegment(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      size = Math.toIntExact(channel.size());
      map = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena).asByteBuffer();
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
    used = size < Segment.HEADER ? 0 : used();
    if (used > 0 && map.getLong(0) != Segment.MAGIC) {
      damaged(0, "it does not begin as a journal of this version does", false);
    }
  }

  private int used() {
    int end = size;
    while (end >= Long.BYTES && map.getLong(end - Long.BYTES) == 0) {
      end -= Long.BYTES;
    }
    while (end > 0 && map.get(end - 1) == 0) {
      end--;
    }
    return end;
  }

  /** Returns the first damage that was met so far, or null. */
  @Nullable Damage damage() {
    return damage;
  }

  /** Returns the next record that can be read, or null when there is none. */
  @Nullable Object read(JournalReader reader) {
    while (position < used) {
      int start = position;
      if (!isWhole(start, Integer.MAX_VALUE)) {
        position = broken(start);
        continue;
      }
      int length = map.getInt(start);
      position = start + Segment.PREFIX + length;
      byte[] body = reader.heap(length);
      map.get(start + Segment.PREFIX, body, 0, length);
      try {
        return reader.read(ByteBuffer.wrap(body, 0, length));
      } catch (RuntimeException e) {
        damaged(start, "a record that this version cannot read: " + e, false);
      }
    }
    // A writer leaves room for a length behind its last record: there is none where it was cut off.
    if (position > Segment.HEADER && size - position < Integer.BYTES) {
      damaged(position, "the file ends with its last record", false);
    }
    return null;
  }

  /** Tells what is at a place that begins no whole record; returns where to go on. */
  private int broken(int start) {
    int length = length(start);
    int next = next(start);
    if (next < used) {
      damaged(start, "no whole record here, but behind it", false);
      return next;
    }
    if (length == 0 && isBegun(start + Segment.PREFIX)) {
      return used;
    }
    if (length < 0 || length > size - start - Segment.PREFIX) {
      damaged(start, "a record of " + length + " bytes in a file of " + size, false);
    } else if (length > 0 && used > start + Segment.PREFIX + length) {
      damaged(start, "no record, but bytes behind it", false);
    } else {
      damaged(start, "the last record is not whole", true);
    }
    return used;
  }

  /** Returns where the next whole record begins, or the end of what was used. */
  private int next(int start) {
    int length = length(start);
    int behind = start + Segment.PREFIX + length;
    if (length > 0 && behind > 0 && isWhole(behind, Integer.MAX_VALUE)) {
      return behind;
    }
    int at = start + 1;
    // A longer one is not looked for: each number that could be a length costs a sum.
    while (at < used
        && !(isBegun(at + Segment.PREFIX) && isWhole(at, LedgerOptions.JournalSizes.MIN_SEGMENT))) {
      at++;
    }
    return Math.min(at, used);
  }

  private int length(int start) {
    return start <= size - Segment.PREFIX ? map.getInt(start) : 0;
  }

  /** Whether a record's body may begin there: it does with its type. */
  private boolean isBegun(int at) {
    return at < size && map.get(at) >= RowCodec.INTENT && map.get(at) <= RowCodec.ROW;
  }

  private boolean isWhole(int start, int most) {
    int length = length(start);
    if (length <= 0 || length > most || length > size - start - Segment.PREFIX) {
      return false;
    }
    crc.reset();
    crc.update(map.slice(start + Segment.PREFIX, length));
    return (int) crc.getValue() == map.getInt(start + Integer.BYTES);
  }

  private void damaged(int offset, String what, boolean torn) {
    if (damage == null) {
      damage = new Damage(offset, what, torn);
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
