package io.penstock.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Appends to files of lines: all of what is given, or nothing. Any thread; blocks. */
public final class LineFile {
  private LineFile() {}

  /**
   * Appends to a file, which is made, its owner's alone, when it is not there.
   *
   * @param lines each with its end
   * @throws IOException when they could not be written whole, as on a full disk: then the file is
   *     as long as before, unless another process has appended to it in the meantime
   */
  public static void append(Path file, byte[] lines) throws IOException {
    try (FileChannel channel =
        PrivateFile.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      append(channel, ByteBuffer.wrap(lines));
    }
  }

  static void append(SeekableByteChannel channel, ByteBuffer lines) throws IOException {
    long before = channel.size();
    try {
      while (lines.hasRemaining()) {
        channel.write(lines);
      }
    } catch (IOException e) {
      takeBack(channel, before, lines.position(), e);
      throw e;
    }
  }

  private static void takeBack(
      SeekableByteChannel channel, long before, int written, IOException cause) {
    try {
      // A pipe has no length, and what others have appended behind it is theirs.
      if (written > 0 && channel.size() == before + written) {
        channel.truncate(before);
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
