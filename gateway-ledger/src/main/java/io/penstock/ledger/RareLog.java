package io.penstock.ledger;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/**
 * Errors that may come by the thousand: the first is logged, then one every 30 s with how many
 * there were. Any thread.
 */
final class RareLog {
  private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Logger log;
  private long loggedAt;
  private long since;
  private boolean logged;

  RareLog(Logger log) {
    this.log = log;
  }

  /** Logs it, or counts it for the next one. */
  synchronized void error(String message) {
    long now = System.nanoTime();
    if (logged && now - loggedAt < EVERY_NANOS) {
      since++;
      return;
    }
    log.atError().log(since == 0 ? message : message + " (and " + since + " more before)");
    logged = true;
    loggedAt = now;
    since = 0;
  }
}
