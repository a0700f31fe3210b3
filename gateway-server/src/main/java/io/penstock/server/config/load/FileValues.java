package io.penstock.server.config.load;

import io.penstock.server.config.value.PemFile;
import io.penstock.server.config.value.RouterFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds the files that values name, and watches them for changes. Confined to one load. */
final class FileValues {
  private final Texts texts;

  FileValues(Texts texts) {
    this.texts = texts;
  }

  /** Returns the directory of the file that a node stands in: paths are relative to it. */
  static Path base(Node node) {
    Path parent = Path.of(node.mark().file()).getParent();
    return parent == null ? Path.of("") : parent;
  }

  /**
   * Returns the value with its file found and, where its content counts, read; other values as they
   * are.
   *
   * @throws Texts.Missing when it cannot be, saying what was expected
   */
  Object resolve(Object value, Node.Scalar scalar) throws Texts.Missing {
    return switch (value) {
      case Path file -> found(file, scalar);
      case PemFile pem -> pem(found(pem.file(), scalar), scalar);
      case RouterFile router when router.file() != null ->
          router(found(router.file(), scalar), scalar);
      default -> value;
    };
  }

  private Path found(@Nullable Path file, Node.Scalar scalar) throws Texts.Missing {
    Path named = Texts.fileOf(Objects.requireNonNull(file).toString(), base(scalar));
    Path resolved = named == null ? base(scalar).resolve(file).normalize() : named;
    texts.watch(resolved);
    if (!Files.isReadable(resolved)) {
      throw new Texts.Missing(scalar.text(), "a file that can be read");
    }
    return resolved;
  }

  private static PemFile pem(Path file, Node.Scalar scalar) throws Texts.Missing {
    try {
      return PemFile.read(file);
    } catch (IOException e) {
      throw new Texts.Missing(scalar.text(), "a file of PEM certificates, at most 4MiB");
    }
  }

  private static RouterFile router(Path file, Node.Scalar scalar) throws Texts.Missing {
    try {
      return RouterFile.read(file);
    } catch (IllegalArgumentException e) {
      throw new Texts.Missing(
          scalar.text(), "shipped, or a file made by `penstock calibrate`; " + e.getMessage());
    }
  }
}
