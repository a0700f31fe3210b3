package io.penstock.bench;

import java.net.URI;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads a gateway's metrics every few seconds while it warms up, as whoever monitors it does. A JVM
 * that has seen nothing but calls compiles them as if nothing else could come, and anew when
 * something does.
 */
final class Scraper implements AutoCloseable {
  private static final int EVERY_SECONDS = 5;

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory());

  private Scraper() {}

  /** Starts one; nothing is read without an address. */
  static Scraper of(@Nullable URI metrics) {
    Scraper scraper = new Scraper();
    if (metrics != null) {
      scraper.timer.scheduleWithFixedDelay(
          () -> Scrape.of(metrics), EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
    }
    return scraper;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
