package io.penstock.ledger;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteJDBCLoader;

/** SQLite's native code, which its driver unpacks from the jar into a temp folder. */
final class SqliteLibrary {
  private SqliteLibrary() {}

  /**
   * Loads it; does nothing the next time. The driver would do it too, and not say what is wrong.
   *
   * @throws SQLException when it cannot be loaded, with the folder and what to do about it
   */
  static void load() throws SQLException {
    try {
      SQLiteJDBCLoader.initialize();
    } catch (Exception e) {
      throw new SQLException(
          "SQLite's native library cannot be loaded: "
              + folder()
              + " (expected: a temp folder that this user may write and that may hold programs;"
              + " PENSTOCK_JAVA_OPTS=-Djava.io.tmpdir=FOLDER names another)",
          e);
    }
  }

  private static String folder() {
    String own = System.getProperty("org.sqlite.tmpdir");
    Path folder = Path.of(own == null ? System.getProperty("java.io.tmpdir", "") : own);
    if (!Files.isDirectory(folder)) {
      return "there is no temp folder " + folder;
    }
    return "the temp folder "
        + folder
        + (Files.isWritable(folder)
            ? " is full, may hold no programs, or the driver has no library for this machine"
            : " is not writable");
  }
}
