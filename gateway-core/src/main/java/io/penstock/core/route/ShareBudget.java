package io.penstock.core.route;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets extra calls (retries, hedges) be at most a share of the calls proper. Saved-up credit is
 * bounded, so that a quiet day does not pay for a storm. Any thread.
 */
public final class ShareBudget {
  private static final long CALL = 1_000_000;

  private final long perCall;
  private final long most;
  private final AtomicLong credit;

  /**
   * Creates a budget that starts full.
   *
   * @param share extra calls per call, 0..1
   * @param burst most extra calls in a row
   */
  public ShareBudget(double share, int burst) {
    this.perCall = Math.round(share * CALL);
    this.most = share > 0 ? burst * CALL : 0;
    this.credit = new AtomicLong(most);
  }

  /** Counts a call proper. */
  public void onCall() {
    if (credit.get() < most) {
      credit.updateAndGet(now -> Math.min(most, now + perCall));
    }
  }

  /** Takes one extra call; false when the share is used up. */
  public boolean tryExtra() {
    while (true) {
      long now = credit.get();
      if (now < CALL) {
        return false;
      }
      if (credit.compareAndSet(now, now - CALL)) {
        return true;
      }
    }
  }
}
