package io.penstock.server;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals beside those that end the process. {@code sun.misc.Signal} is no part of the JDK's API,
 * and not in every runtime: it is looked for by its name.
 */
final class Signals {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  /**
   * Runs a task at each SIGHUP, which would stop the process, on a thread of the JVM's. Where the
   * JVM has no such signal, nothing changes.
   *
   * @param task what it throws is logged
   */
  static void onHangup(Runnable task) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Runnable guarded = () -> run(task);
      MethodHandle run =
          MethodHandles.lookup()
              .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
              .bindTo(guarded);
      Object told =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.dropArguments(run, 0, signal));
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), told);
    } catch (ReflectiveOperationException | RuntimeException e) {
      // No such signal (Windows), or the JVM was told to leave signals alone (-Xrs).
      LOG.atDebug().setCause(e).log("SIGHUP is not heard");
    }
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("a SIGHUP could not be followed");
    }
  }
}
