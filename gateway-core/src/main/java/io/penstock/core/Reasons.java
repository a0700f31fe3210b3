package io.penstock.core;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Why something that is tried over and over does not work, as the log is told: each reason once a
 * minute, so that a new one is seen at once and an old one is no flood. Thread-safe.
 */
public final class Reasons {
  private static final long PAUSE = TimeUnit.MINUTES.toNanos(1);

  /** Of reasons that never come again nothing is kept for long. */
  private static final int MOST = 64;

  private final Ticker ticker;
  private final Map<String, Seldom> known = new HashMap<>();
  private boolean told;

  /** Creates one that has told nothing yet. */
  public Reasons(Ticker ticker) {
    this.ticker = ticker;
  }

  /** Returns whether to tell this one now. */
  public synchronized boolean isNews(String reason) {
    if (known.size() >= MOST && !known.containsKey(reason)) {
      known.clear();
    }
    boolean news =
        known.computeIfAbsent(reason, r -> new Seldom(PAUSE)).counts(ticker.nanoTime()) > 0;
    told |= news;
    return news;
  }

  /** It works; returns whether to tell that: once after something else was told. */
  public synchronized boolean isOver() {
    boolean news = told;
    told = false;
    return news;
  }

  /** Returns what the innermost cause of a failure says: wrappers only say that it failed. */
  public static String innermost(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    return message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
  }
}
