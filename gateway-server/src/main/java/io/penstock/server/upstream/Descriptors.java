package io.penstock.server.upstream;

import io.penstock.core.Seldom;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * That the process, or the system, has no file descriptors left, told once a minute: it fails with
 * each connection; and before, when that is to be expected. Thread-safe.
 */
public final class Descriptors {
  /** The process's own. */
  public static final Descriptors PROCESS = new Descriptors(System::nanoTime);

  /** Read as text: the JVM's own word for it would load its management at every start. */
  public static final Path LIMITS = Path.of("/proc/self/limits");

  private static final Pattern OPEN_FILES = Pattern.compile("Max open files +(\\d{1,18}) ");

  /** Listeners, the ledger and its journal, what the JVM itself has open, and some to spare. */
  private static final long OTHERS = 200;

  private static final Logger LOG = LoggerFactory.getLogger(Descriptors.class);

  private final LongSupplier clock;
  private final Seldom seldom = new Seldom(TimeUnit.MINUTES.toNanos(1));

  Descriptors(LongSupplier clock) {
    this.clock = clock;
  }

  /**
   * Returns what to say at the start when the process may open fewer files than its clients alone
   * need: then it would refuse them long before the limit that was configured. "" when there are
   * enough, or nobody knows.
   *
   * @param limits where Linux tells a process's limits, {@link #LIMITS}
   * @param connections how many clients may have
   */
  public static String shortage(Path limits, long connections) {
    long most = most(limits);
    long needed = connections + OTHERS;
    return most < 0 || most >= needed
        ? ""
        : "the process may open "
            + most
            + " files, and limits.connections: "
            + connections
            + " needs "
            + needed
            + ", and one more for each call under way: raise ulimit -n or lower"
            + " limits.connections";
  }

  /** Returns the limit in force, which the JVM has raised as far as it may; -1 when unknown. */
  private static long most(Path limits) {
    try (Stream<String> lines = Files.lines(limits)) {
      return lines
          .map(OPEN_FILES::matcher)
          .filter(Matcher::lookingAt)
          .mapToLong(found -> Long.parseLong(found.group(1)))
          .findFirst()
          .orElse(-1);
    } catch (IOException | UncheckedIOException notLinux) {
      return -1;
    }
  }

  /** Returns whether that was thrown for want of a descriptor; then the log tells. */
  public boolean areLacking(@Nullable Throwable thrown) {
    if (!Causes.has(thrown, Descriptors::isOfThem)) {
      return false;
    }
    if (seldom.counts(clock.getAsLong()) > 0) {
      LOG.error("no file descriptors left: raise ulimit -n or lower limits.connections");
    }
    return true;
  }

  /** The system's words for EMFILE and ENFILE; every transport has an exception of its own. */
  private static boolean isOfThem(Throwable thrown) {
    String message = thrown.getMessage();
    return message != null && message.contains("Too many open files");
  }
}
