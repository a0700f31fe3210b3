package io.penstock.core.route;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Learns from the traffic itself which score a share of prompts exceeds, so that {@code strong:
 * 20%} is 20 % of this traffic. Any thread; one per router. Until 200 prompts were seen the
 * router's own threshold counts.
 */
final class ScoreShares {
  private static final int BINS = 1000;
  private static final long ENOUGH = 200;
  private static final long MOST = 100_000;

  private final Router router;
  private final AtomicLongArray bins = new AtomicLongArray(BINS + 1);

  ScoreShares(Router router) {
    this.router = router;
  }

  /** Counts a prompt's score, 0..1, once per request. */
  void seen(double score) {
    bins.incrementAndGet((int) (Math.clamp(score, 0, 1) * (BINS - 1)));
    if (bins.incrementAndGet(BINS) > MOST) {
      forgetHalf();
    }
  }

  /** Returns the score above which that share lies. */
  double threshold(double share) {
    long total = bins.get(BINS);
    if (total < ENOUGH) {
      return router.thresholdOfShare(share);
    }
    double left = share * total;
    int bin = BINS - 1;
    while (bin > 0 && left >= bins.get(bin)) {
      left -= bins.get(bin);
      bin--;
    }
    long here = Math.max(1, bins.get(bin));
    return (bin + 1 - left / here) / (BINS - 1);
  }

  /** Lets old traffic fade; races lose a few counts, which a share does not notice. */
  private void forgetHalf() {
    long total = 0;
    for (int i = 0; i < BINS; i++) {
      long half = bins.get(i) / 2;
      bins.set(i, half);
      total += half;
    }
    bins.set(BINS, total);
  }
}
