package io.penstock.server.call.accounting;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How long answers turn out, by target: what a stream without a maximum may hold at first instead
 * of the longest answer, what was thought unseen, what was answered unread. Thread-safe; the old
 * fades.
 */
public final class LearnedOutput {
  /** Fewer answers say nothing about the hundredth. */
  static final int ENOUGH = 200;

  private static final int FADE_AT = 10_000;

  /** Where models are named by callers, what is learned of them does not grow with the names. */
  private static final int MOST_TARGETS = 10_000;

  private static final int STEPS = 8;
  private static final int BUCKETS = 32 * STEPS;

  private final ConcurrentHashMap<String, AtomicIntegerArray> targets = new ConcurrentHashMap<>();

  /** Notes the output of an answer, tokens. */
  public void learn(String target, long tokens) {
    if (targets.size() >= MOST_TARGETS && !targets.containsKey(target)) {
      return;
    }
    AtomicIntegerArray counts =
        targets.computeIfAbsent(target, t -> new AtomicIntegerArray(BUCKETS + 1));
    counts.incrementAndGet(bucket(tokens));
    if (counts.incrementAndGet(BUCKETS) >= FADE_AT) {
      // Racy on purpose: a count that is lost here and there changes no percentile.
      for (int i = 0; i <= BUCKETS; i++) {
        counts.set(i, counts.get(i) / 2);
      }
    }
  }

  /**
   * Returns what 99 of 100 answers do not pass, tokens, rounded up; -1 as long as too few are
   * known.
   */
  public long bound(String target) {
    AtomicIntegerArray counts = targets.get(target);
    return counts == null || counts.get(BUCKETS) < ENOUGH ? -1 : most(counts);
  }

  /** Does the same of however few are known; -1 while there is none. */
  long likely(String target) {
    AtomicIntegerArray counts = targets.get(target);
    return counts == null ? -1 : most(counts);
  }

  private static long most(AtomicIntegerArray counts) {
    int above = counts.get(BUCKETS) / 100;
    int bucket = BUCKETS - 1;
    for (int seen = counts.get(bucket); seen <= above && bucket > 0; seen += counts.get(bucket)) {
      bucket--;
    }
    return end(bucket);
  }

  /** Eight buckets for each doubling: none is wider than an eighth of what it starts with. */
  private static int bucket(long tokens) {
    int value = (int) Math.min(Math.max(tokens, 1), Integer.MAX_VALUE);
    if (value < STEPS) {
      return value;
    }
    int doublings = 31 - Integer.numberOfLeadingZeros(value) - 3;
    return Math.min(BUCKETS - 1, STEPS * doublings + (value >>> doublings));
  }

  private static long end(int bucket) {
    if (bucket < 2 * STEPS) {
      return bucket;
    }
    int doublings = bucket / STEPS - 1;
    return ((bucket % STEPS + STEPS + 1L) << doublings) - 1;
  }
}
