package io.penstock.server.config.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files that a configuration was made of: itself, what it includes, secret files, certificates.
 * Immutable. Looking at the files blocks.
 */
public final class Inputs {
  private final Map<Path, Stamp> stamps;
  private final List<IncludeGlob> globs;
  private final Map<IncludeGlob, List<Path>> matches;
  private final Set<Path> filled;

  /**
   * Takes note of them.
   *
   * @param filled the main file and the included ones, those that are not empty
   */
  Inputs(Map<Path, Stamp> stamps, Map<IncludeGlob, List<Path>> matches, Set<Path> filled) {
    this.filled = Set.copyOf(filled);
    this.stamps = new LinkedHashMap<>(stamps);
    this.matches = new LinkedHashMap<>(matches);
    this.globs = List.copyOf(matches.keySet());
  }

  /** Returns the files. */
  public List<Path> files() {
    return List.copyOf(stamps.keySet());
  }

  /**
   * Returns the main file and those of the included ones that had content before and are still
   * read, but empty: most likely somebody is just writing them.
   */
  public List<Path> emptiedSince(Inputs before) {
    return stamps.keySet().stream()
        .filter(file -> before.filled.contains(file) && !filled.contains(file))
        .toList();
  }

  /** Returns whether a file looks different now, has come or has gone. */
  public boolean mayHaveChanged() {
    for (Map.Entry<Path, Stamp> entry : stamps.entrySet()) {
      if (!entry.getValue().equals(Stamp.of(entry.getKey()))) {
        return true;
      }
    }
    for (IncludeGlob glob : globs) {
      if (!Objects.equals(matches.get(glob), glob.find())) {
        return true;
      }
    }
    return false;
  }

  /** What a file looks like from outside; all zero when it is not there. */
  record Stamp(long modifiedNanos, long size, @Nullable String identity) {
    static final Stamp ABSENT = new Stamp(0, -1, null);

    static Stamp of(Path file) {
      try {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new Stamp(
            attributes.lastModifiedTime().to(java.util.concurrent.TimeUnit.NANOSECONDS),
            attributes.size(),
            Objects.toString(attributes.fileKey(), null));
      } catch (IOException e) {
        return ABSENT;
      }
    }
  }
}
