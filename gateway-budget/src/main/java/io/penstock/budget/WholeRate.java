package io.penstock.budget;

/** A rate that this process has for itself: it counts here, exactly. Thread-safe. */
final class WholeRate extends RateMeter {
  private final SlidingRate rate = new SlidingRate();

  /** The moment up to which it has counted. */
  private long latest;

  WholeRate(RateSpec spec, String subject, boolean tokens) {
    super(spec, subject, tokens);
  }

  /**
   * Counts up to that moment. One that is less than a window ago is that of a call which has waited
   * meanwhile, and takes of the present window; else the clock was set back.
   */
  private long reach(long moment) {
    latest = moment > latest - window ? Math.max(latest, moment) : moment;
    rate.roll(window, latest);
    return latest;
  }

  @Override
  synchronized boolean take(long amount, long madeAt) {
    long room = rate.room(limit(), reach(madeAt));
    if (amount > 0 && amount > room) {
      return false;
    }
    rate.add(amount);
    return true;
  }

  @Override
  synchronized void give(long amount, long takenAt, long storeNow) {
    reach(storeNow);
    if (amount < 0) {
      rate.add(-amount);
    } else {
      rate.remove(amount, takenAt);
    }
  }

  /** Returns after how many milliseconds so much may be free. */
  synchronized long retryMillis(long amount, long storeNow) {
    return rate.retry(amount, limit(), reach(storeNow));
  }

  @Override
  synchronized RateState state(long storeNow) {
    long room = rate.room(limit(), reach(storeNow));
    return state(room, rate.used(), storeNow);
  }

  @Override
  synchronized boolean isAtRest(long storeNow) {
    return isUnused(latest, storeNow);
  }
}
