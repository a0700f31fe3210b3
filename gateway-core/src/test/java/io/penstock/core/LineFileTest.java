package io.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LineFileTest {
  @TempDir Path directory;

  @Test
  void append_newFile_isItsOwnersAlone_andOneThatIsThereStaysAsItIs() throws IOException {
    Path fresh = directory.resolve("fresh");
    LineFile.append(fresh, bytes("a\n"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(fresh)))
        .isEqualTo("rw-------");
    Path shared = Files.createFile(directory.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rw-r--r--"));
    LineFile.append(shared, bytes("a\n"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(shared)))
        .isEqualTo("rw-r--r--");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Of a disk that has room for so many bytes more. */
  private record Full(FileChannel file, int room, String byOthers) implements SeekableByteChannel {
    @Override
    public int write(ByteBuffer from) throws IOException {
      if (from.remaining() <= room || from.position() > 0) {
        file.write(ByteBuffer.wrap(bytes(byOthers)));
        throw new IOException("No space left on device");
      }
      int written = file.write(from.slice(0, room));
      from.position(written);
      return written;
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
      return file.read(to);
    }

    @Override
    public long position() throws IOException {
      return file.position();
    }

    @Override
    public SeekableByteChannel position(long at) throws IOException {
      return file.position(at);
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
      return file.truncate(size);
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private String afterFull(String byOthers) throws IOException {
    Path file = directory.resolve("lines");
    LineFile.append(file, bytes("one\n"));
    try (SeekableByteChannel full =
        new Full(FileChannel.open(file, StandardOpenOption.APPEND), 3, byOthers)) {
      assertThatThrownBy(() -> LineFile.append(full, ByteBuffer.wrap(bytes("two, cut off\n"))))
          .isInstanceOf(IOException.class)
          .hasMessage("No space left on device");
    }
    return Files.readString(file);
  }

  @Test
  void append_diskFullInTheMiddle_leavesNoPartOfALine() throws IOException {
    assertThat(afterFull("")).isEqualTo("one\n");
    LineFile.append(directory.resolve("lines"), bytes("two\n"));
    assertThat(directory.resolve("lines")).hasContent("one\ntwo\n");
  }

  @Test
  void append_othersAppendMeanwhile_theirsStays() throws IOException {
    assertThat(afterFull("other\n")).isEqualTo("one\ntwoother\n");
  }
}
