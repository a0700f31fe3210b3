package io.penstock.budget;

import io.lettuce.core.RedisCommandExecutionException;
import io.penstock.budget.Request.Answer;
import io.penstock.core.Reasons;
import io.penstock.core.Ticker;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * What the log is told while Redis is away or refuses, and how long to wait before the next
 * connection. Thread-safe.
 */
final class RedisTrouble {
  private static final long PAUSE = 200;

  /** A store that answers with errors is asked less and less often. */
  private static final long MOST_PAUSE = 5_000;

  private static final List<String> PASSING =
      List.of("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY ");

  private final Logger log;
  private final Reasons reasons;
  private long pause = PAUSE;

  RedisTrouble(Logger log, Ticker ticker) {
    this.log = log;
    this.reasons = new Reasons(ticker);
  }

  /** Returns the milliseconds before the next attempt to connect. */
  synchronized long pause() {
    return pause;
  }

  /** Tells the log; what the store itself says will hardly be another thing 200 ms later. */
  synchronized void failed(String text, Throwable failure) {
    String reason = Reasons.innermost(failure);
    if (reasons.isNews(reason)) {
      log.warn(text, reason);
    }
    if (isOfStore(failure)) {
      pause = Math.min(MOST_PAUSE, 2 * pause);
    }
  }

  private static boolean isOfStore(@Nullable Throwable failure) {
    return failure != null
        && (failure instanceof RedisCommandExecutionException
            ? !passes(String.valueOf(failure.getMessage()))
            : isOfStore(failure.getCause()));
  }

  /** What a failover or a start says ends by itself, and budgets wait for that. */
  private static boolean passes(String said) {
    return PASSING.stream().anyMatch(said::startsWith);
  }

  /** A connection alone says nothing: the store may refuse every script. */
  synchronized void heard(Answer answer) {
    if (!(answer instanceof Answer.Welcome)) {
      pause = PAUSE;
    } else if (reasons.isOver()) {
      log.info("budgets have reached redis");
    }
  }
}
