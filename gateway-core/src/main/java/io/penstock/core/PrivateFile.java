package io.penstock.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files of what clients said and spent: nobody but their owner reads them. */
public final class PrivateFile {
  private static final FileAttribute<?> OWNERS =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private PrivateFile() {}

  /**
   * Opens a file. One that is made by it is its owner's alone, where files have owners; one that is
   * there keeps its permissions, so that whoever wants others makes it before. Blocks.
   *
   * @throws IOException as {@link FileChannel#open(Path, OpenOption...)}
   */
  public static FileChannel open(Path file, OpenOption... options) throws IOException {
    Set<OpenOption> as = Set.of(options);
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? FileChannel.open(file, as, OWNERS)
        : FileChannel.open(file, as);
  }
}
