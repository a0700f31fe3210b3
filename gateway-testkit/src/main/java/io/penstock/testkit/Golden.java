package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Expected output kept as files beside the tests. {@code -Dgolden.update=true} rewrites them; the
 * diff is then reviewed like code.
 */
public final class Golden {
  private static final boolean UPDATE = Boolean.getBoolean("golden.update");

  private final Path folder;

  private Golden(Path folder) {
    this.folder = folder;
  }

  /** Returns the golden files of a folder under the module's {@code src/test/resources}. */
  public static Golden in(String folder) {
    return new Golden(Path.of("src", "test", "resources", folder));
  }

  /** Returns the folder, to list the cases in it. */
  public Path folder() {
    return folder;
  }

  /** Returns the text of an input file. */
  public String read(String file) {
    try {
      return Files.readString(folder.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails unless the file holds exactly this text. */
  public void check(String file, String actual) {
    Path path = folder.resolve(file);
    if (UPDATE) {
      write(path, actual);
      return;
    }
    assertThat(path).as("golden file; run once with -Dgolden.update=true to make it").exists();
    assertThat(actual).as(path.toString()).isEqualTo(read(file));
  }

  private static void write(Path path, String text) {
    try {
      Path parent = path.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.writeString(path, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
