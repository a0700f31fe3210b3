package io.penstock.server.upstream;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * That the process, or the system, has no file descriptors left, told once a minute: it fails with
 * each connection. Thread-safe.
 */
public final class Descriptors {
  /** The process's own. */
  public static final Descriptors PROCESS = new Descriptors(System::nanoTime);

  private static final Logger LOG = LoggerFactory.getLogger(Descriptors.class);
  private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** In place of the time of the first line. */
  private static final long AT_ONCE = Long.MIN_VALUE;

  private static final int MOST_CAUSES = 10;

  private final LongSupplier clock;
  private final AtomicLong dueNanos = new AtomicLong(AT_ONCE);

  Descriptors(LongSupplier clock) {
    this.clock = clock;
  }

  /** Returns whether that was thrown for want of a descriptor; then the log tells. */
  public boolean areLacking(@Nullable Throwable thrown) {
    if (!isOfThem(thrown)) {
      return false;
    }
    long now = clock.getAsLong();
    long due = dueNanos.get();
    if ((due == AT_ONCE || now - due >= 0) && dueNanos.compareAndSet(due, now + PAUSE_NANOS)) {
      LOG.error("no file descriptors left: raise ulimit -n or lower limits.connections");
    }
    return true;
  }

  /** The system's words for EMFILE and ENFILE; every transport has an exception of its own. */
  private static boolean isOfThem(@Nullable Throwable thrown) {
    Throwable at = thrown;
    for (int i = 0; at != null && i < MOST_CAUSES; i++) {
      String message = at.getMessage();
      if (message != null && message.contains("Too many open files")) {
        return true;
      }
      at = at.getCause();
    }
    return false;
  }
}
