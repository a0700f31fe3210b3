package io.penstock.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finding, starting and ending the processes that tests need. */
public final class Executables {
  private Executables() {}

  /**
   * Returns an executable on the PATH, by the name that it has there: where redis-server is a link,
   * the program behind it is whichever it is called by. Null when there is none.
   */
  public static @Nullable Path onPath(String name) {
    String path = System.getenv("PATH");
    if (path == null) {
      return null;
    }
    for (String folder : path.split(File.pathSeparator)) {
      Path file = Path.of(folder.isEmpty() ? "." : folder, name);
      if (Files.isExecutable(file)) {
        return file.toAbsolutePath();
      }
    }
    return null;
  }

  /** Has that run when this JVM ends, however it is asked to; {@link #forget} takes it back. */
  public static Thread atExit(Runnable task, String name) {
    Thread hook = new Thread(task, name);
    Runtime.getRuntime().addShutdownHook(hook);
    return hook;
  }

  /** What {@link #atExit} was to do is done now; nothing when the JVM is ending already. */
  public static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It is about to run, or runs: doing it twice does no harm.
    }
  }

  static Process start(List<String> command, Path folder, Path log) {
    try {
      return new ProcessBuilder(command)
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until the process accepts connections; returns false when it has ended instead. */
  static boolean awaitPort(Process process, int port) {
    Await.until(
        "process " + process.pid() + " listens on port " + port,
        () -> !process.isAlive() || Ports.isOpen(port));
    return process.isAlive();
  }

  /** Ends the process, politely first. */
  static void end(Process process) {
    process.destroy();
    if (!hasEnded(process)) {
      kill(process);
    }
  }

  /** Ends the process as a crash would (SIGKILL). */
  static void kill(Process process) {
    process.destroyForcibly();
    if (!hasEnded(process)) {
      throw new AssertionError("process " + process.pid() + " outlived SIGKILL");
    }
  }

  private static boolean hasEnded(Process process) {
    try {
      return process.waitFor(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while process " + process.pid() + " ends", e);
    }
  }

  static Path temporaryFolder(String prefix) {
    try {
      return Files.createTempDirectory(prefix);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a folder with all that is in it; does nothing when it is gone. */
  public static void deleteTree(Path folder) {
    if (Files.notExists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
