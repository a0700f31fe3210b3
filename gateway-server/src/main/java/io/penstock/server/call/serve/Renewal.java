package io.penstock.server.call.serve;

import io.penstock.server.call.Guard;
import io.penstock.server.call.LoopTimer;
import io.penstock.server.targets.KeySpread;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The wait of one leg for a credential that is fetched anew, since the provider refused the one it
 * was asked with: once, so that a provider that refuses every credential is told to the client.
 * Confined to the leg's loop.
 */
final class Renewal {
  private static final long MOST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Guard guard;
  private boolean asked;
  private boolean pending;
  private @Nullable Runnable onNews;

  Renewal(Guard guard) {
    this.guard = guard;
  }

  /** Returns whether another credential will come in place of the one that this attempt used. */
  boolean ask(KeySpread.Slot key, long usedEpochMillis) {
    if (asked) {
      return false;
    }
    asked = key.renew(usedEpochMillis, () -> guard.execute(this::news));
    pending = asked;
    return asked;
  }

  private void news() {
    pending = false;
    Runnable waiting = onNews;
    onNews = null;
    if (waiting != null) {
      waiting.run();
    }
  }

  /**
   * Goes on when the time is over; where a credential was asked for, when there is news of it.
   *
   * @param timer is cancelled when the leg is stopped: then nothing goes on
   */
  void start(LoopTimer timer, long waitNanos, Runnable again) {
    if (!pending) {
      timer.start(waitNanos, again);
      return;
    }
    timer.start(
        MOST_WAIT_NANOS,
        () -> {
          pending = false;
          onNews = null;
          again.run();
        });
    onNews =
        () -> {
          if (timer.isStarted()) {
            timer.cancel();
            again.run();
          }
        };
  }
}
