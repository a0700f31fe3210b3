package io.penstock.server.config.value;

import io.penstock.core.route.Calibrator;
import io.penstock.core.route.Router;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What judges the complexity of prompts. Equal when it judges alike: a file that is written anew
 * makes another configuration.
 *
 * @param file that calibrate made, null for the shipped rules
 * @param router what is in it
 */
public record RouterFile(@Nullable Path file, Router router) {
  public static final String WORD = "shipped";
  public static final RouterFile SHIPPED = new RouterFile(null, Router.shipped());
  private static final long MAX_BYTES = 1 << 20;

  /**
   * Reads a file that calibrate made. Blocks.
   *
   * @throws IllegalArgumentException when it is none, with the reason
   */
  public static RouterFile read(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException("no file of at most 1MiB");
      }
      return new RouterFile(file, Calibrator.read(Files.readString(file)));
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot be read: " + e, e);
    }
  }

  /** Returns it as the configuration has it. */
  @Override
  public String toString() {
    return file == null ? WORD : file.toString();
  }
}
