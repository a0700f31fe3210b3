package io.penstock.server.config.value;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of certificates. Equal when the same is in it: a file that is replaced makes another
 * configuration.
 *
 * @param text what is in it, one character for each byte
 */
public record PemFile(Path file, String text) {
  private static final long MAX_BYTES = 4 << 20;

  /**
   * Reads a file. Blocks.
   *
   * @throws IOException when it cannot be read
   */
  public static PemFile read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException("more than 4MiB");
    }
    return new PemFile(file, Files.readString(file, StandardCharsets.ISO_8859_1));
  }

  /** Returns it as the configuration has it. */
  @Override
  public String toString() {
    return file.toString();
  }
}
