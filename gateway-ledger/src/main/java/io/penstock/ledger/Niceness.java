package io.penstock.ledger;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nice value of a thread: what it gets of a processor that others want too. To Linux it is the
 * thread's own, and anyone may raise it; elsewhere it is the whole process', which is left alone.
 * The JVM's own priorities need {@code -XX:ThreadPriorityPolicy=1}, with which it warns at each
 * start of whoever is not root.
 */
final class Niceness {
  private static final Logger LOG = LoggerFactory.getLogger(Niceness.class);

  /** A tenth of a processor that one other thread wants whole, and all that nobody wants. */
  static final int BACKGROUND = 10;

  /** As in {@code sys/resource.h}; which means the calling thread when the id is 0. */
  private static final int PRIO_PROCESS = 0;

  private Niceness() {}

  /** Raises the calling thread's; a system that does not let it changes nothing but speed. */
  @SuppressWarnings("restricted") // jvm.options enable native access; SQLite needs it too
  static void raise() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return;
    }
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
      int failed = (int) setpriority.invokeExact(PRIO_PROCESS, 0, BACKGROUND);
      LOG.debug("ledger: its thread has nice {}: {}", BACKGROUND, failed == 0);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) {
      LOG.debug("ledger: its thread keeps its nice value: {}", String.valueOf(e.getMessage()));
    }
  }
}
