package io.penstock.ledger;

import io.penstock.core.PrivateFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One memory-mapped, preallocated, append-only journal file: an 8-byte header, then records of
 * {@code int length, int crc32c, body}; a length of 0 ends it. Stores survive the death of the
 * process at once because the pages belong to the kernel; {@link #force} makes them survive a power
 * loss.
 *
 * <p>Appended by one thread at a time, read by one other, forced by a third; {@code committed} is
 * the publication between them.
 */
final class Segment {
  static final long MAGIC = 0x50_53_4a_4c_0000_0001L; // "PSJL", format 1
  static final int HEADER = Long.BYTES;
  static final int PREFIX = 2 * Integer.BYTES;
  private static final int ZEROS = 64 << 10;

  private final Path file;
  private final Arena arena;
  private final MappedByteBuffer map;
  private final ByteBuffer out;
  private final CRC32C crc = new CRC32C();

  private volatile int committed = HEADER;
  private volatile boolean sealed;
  private int forced;
  private boolean released;

  /** Reader's state: where it is, and how many of this segment's intents have no row yet. */
  int readPosition = HEADER;

  int openIntents;

  private final CRC32C readCrc = new CRC32C();

  private Segment(Path file, Arena arena, MappedByteBuffer map) {
    this.file = file;
    this.arena = arena;
    this.map = map;
    this.out = map.duplicate().position(HEADER);
  }

  /** How a file is made. */
  interface Making {
    /** On a disk. */
    Making ON_DISK =
        path ->
            PrivateFile.open(
                path,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);

    FileChannel open(Path file) throws IOException;

    /**
     * Returns the bytes that the directory's disk has left for this user; very many where nobody
     * can tell, as where the mount points cannot be read: then writing shows it.
     */
    default long free(Path directory) throws IOException {
      try {
        FileStore disk = Files.getFileStore(directory);
        // Some file systems do not tell.
        return disk.getTotalSpace() == 0 ? Long.MAX_VALUE : disk.getUsableSpace();
      } catch (IOException e) {
        return Long.MAX_VALUE;
      }
    }
  }

  /**
   * Makes a file of that many zero bytes, so that a full disk shows here and not as a SIGBUS. Where
   * the disk says that it has less, nothing is written: others need what is left.
   */
  static Segment create(Path file, int bytes, Making making) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    long free = directory == null ? Long.MAX_VALUE : making.free(directory);
    if (free < bytes) {
      throw new IOException(
          file + ": cannot make a file of " + bytes + " bytes (free: " + free + ")");
    }
    try (FileChannel channel = making.open(file)) {
      ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS);
      for (long at = 0; at < bytes; ) {
        zeros.clear().limit((int) Math.min(ZEROS, bytes - at));
        at += channel.write(zeros, at);
      }
      Segment segment = map(file, channel, bytes);
      segment.map.putLong(0, MAGIC);
      return segment;
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw new IOException(
          file + ": cannot make a file of " + bytes + " bytes (free: " + free + "): " + e, e);
    }
  }

  private static Segment map(Path file, FileChannel channel, int bytes) throws IOException {
    Arena arena = Arena.ofShared();
    var memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
    return new Segment(file, arena, (MappedByteBuffer) memory.asByteBuffer());
  }

  /** Appends a record's body, or returns false when it does not fit. Writer only. */
  boolean append(byte[] body, int length) {
    int start = out.position();
    if (out.remaining() < PREFIX + length + Integer.BYTES) {
      return false;
    }
    crc.reset();
    crc.update(body, 0, length);
    out.put(start + PREFIX, body, 0, length);
    out.putInt(start + Integer.BYTES, (int) crc.getValue());
    // Last: a length of 0 ends the segment, so a torn record is not there. Its type, which is the
    // first byte of the body, is: DeadSegment knows by it what a kill cut off.
    out.putInt(start, length);
    out.position(start + PREFIX + length);
    committed = out.position();
    return true;
  }

  /** Returns the bytes that are left for records, their prefixes included. Writer only. */
  int room() {
    return Math.max(0, out.remaining() - Integer.BYTES);
  }

  /** Returns the next record that is committed, or null when there is none now. Reader only. */
  @Nullable Object read(JournalReader reader) {
    int end = committed;
    if (readPosition + PREFIX >= end) {
      return null;
    }
    int length = map.getInt(readPosition);
    if (length <= 0 || length > end - readPosition - PREFIX) {
      return null;
    }
    int sum = map.getInt(readPosition + Integer.BYTES);
    // On the heap: each access to mapped memory checks that it is still there.
    byte[] body = reader.heap(length);
    map.get(readPosition + PREFIX, body, 0, length);
    readPosition += PREFIX + length;
    readCrc.reset();
    readCrc.update(body, 0, length);
    if ((int) readCrc.getValue() != sum) {
      return Torn.RECORD;
    }
    return reader.read(ByteBuffer.wrap(body, 0, length));
  }

  /** Says that nothing more will be appended. Writer only. */
  void seal() {
    sealed = true;
  }

  /** Returns whether the reader has seen all that will ever be here. */
  boolean isExhausted() {
    return sealed && readPosition >= committed;
  }

  /** Returns whether the reader has seen all that is here now. */
  boolean isRead() {
    return readPosition >= committed;
  }

  /** Makes what is committed survive a power loss. Blocks. */
  synchronized void force() {
    int end = committed;
    if (!released && end > forced) {
      map.force(forced, end - forced);
      forced = end;
    }
  }

  /** Whether all that is committed would survive a power loss. */
  synchronized boolean isForced() {
    return released || committed <= forced;
  }

  /** Unmaps; the file stays. The reader calls it when nobody appends any more. */
  synchronized void release() {
    if (!released) {
      released = true;
      arena.close();
    }
  }

  /** Unmaps and deletes. */
  void delete() throws IOException {
    release();
    Files.deleteIfExists(file);
  }

  /** A record whose checksum is wrong: somebody else writes to the file. */
  enum Torn {
    RECORD
  }
}
