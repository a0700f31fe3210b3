package io.penstock.ledger;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Journals whose last records the database may not have.
 *
 * @param dead directories of processes that have died; the next gateway to start imports them
 * @param live whether a process writes to another one
 */
public record Unfinished(List<Path> dead, boolean live) {
  public Unfinished {
    dead = List.copyOf(dead);
  }

  /**
   * Looks at the journals in a directory, which need not be there. Keeps no gateway from importing
   * them. Blocks.
   */
  public static Unfinished in(Path root) throws IOException {
    return Journal.unfinished(root);
  }
}
