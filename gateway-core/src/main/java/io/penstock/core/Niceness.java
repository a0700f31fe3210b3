package io.penstock.core;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nice value of threads: what they get of a processor that others want too. To Linux it is the
 * thread's own, and anyone may raise it (nobody lower it again); elsewhere it is the whole
 * process', which is left alone. The JVM's own priorities need {@code -XX:ThreadPriorityPolicy=1},
 * with which it warns at each start of whoever is not root.
 *
 * <p>A system that does not let it changes nothing but speed, so nothing here throws. The first use
 * links a call: a quarter of a second on one CPU.
 */
public final class Niceness {
  private static final Logger LOG = LoggerFactory.getLogger(Niceness.class);

  /** A tenth of a processor that one other thread wants whole, and all that nobody wants. */
  static final int BACKGROUND = 10;

  /** As in {@code sys/resource.h}. */
  private static final int PRIO_PROCESS = 0;

  /** Which means the calling thread. */
  private static final int OWN = 0;

  private Niceness() {}

  /** Raises the calling thread's. */
  public static void raise() {
    if (isLinux()) {
      set(OWN, "the calling thread");
    }
  }

  /**
   * Raises that of all threads of this process whose names begin so.
   *
   * @param name at most 15 characters, as which Linux knows them
   */
  public static void raise(String name) {
    if (!isLinux()) {
      return;
    }
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        if (nameOf(thread).startsWith(name)) {
          set(Integer.parseInt(thread.getFileName().toString()), name);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.debug("{} keep their nice values: {}", name, e.getMessage());
    }
  }

  /** Returns none for a thread that has ended. */
  private static String nameOf(Path thread) {
    try {
      return Files.readString(thread.resolve("comm"));
    } catch (IOException e) {
      return "";
    }
  }

  private static boolean isLinux() {
    return System.getProperty("os.name", "").equals("Linux");
  }

  @SuppressWarnings("restricted") // jvm.options enable native access; SQLite needs it too
  private static void set(int thread, String name) {
    try {
      Linker linker = Linker.nativeLinker();
      MethodHandle setpriority =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("setpriority"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT));
      int failed = (int) setpriority.invokeExact(PRIO_PROCESS, thread, BACKGROUND);
      LOG.debug("{} has nice {}: {}", name, BACKGROUND, failed == 0);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) {
      LOG.debug("{} keeps its nice value: {}", name, String.valueOf(e.getMessage()));
    }
  }
}
