package io.penstock.ledger;

import io.penstock.core.Seldom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/**
 * Errors that may come by the thousand: the first is logged, then one every 30 s with how many
 * there were. Any thread.
 */
final class RareLog {
  private final Logger log;
  private final Seldom seldom = new Seldom(TimeUnit.SECONDS.toNanos(30));

  RareLog(Logger log) {
    this.log = log;
  }

  /** Logs it, or counts it for the next one. */
  void error(String message) {
    long count = seldom.counts(System.nanoTime());
    if (count > 0) {
      log.atError().log(count == 1 ? message : message + " (and " + (count - 1) + " more before)");
    }
  }
}
