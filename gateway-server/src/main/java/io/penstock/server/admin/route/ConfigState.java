package io.penstock.server.admin.route;

import java.nio.file.Path;
import java.util.List;

/** What the port tells of the configuration's files. Any thread. */
public interface ConfigState {
  /**
   * What became of the last change.
   *
   * @param version of the configuration in use
   * @param problems of the last change, empty when it was applied
   */
  record Status(long version, List<String> problems, List<String> warnings) {}

  /** Returns the file that is read. */
  Path file();

  /** Returns what became of the last change. */
  Status status();
}
