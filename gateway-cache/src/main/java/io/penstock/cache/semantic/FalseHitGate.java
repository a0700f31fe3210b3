package io.penstock.cache.semantic;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;

/**
 * One rule's knowledge of how often its hits are wrong, from checks on its own traffic, and the
 * threshold that follows from it. Thread-safe.
 *
 * <p>The threshold starts at the operating point of the training pairs. With {@value #ENOUGH}
 * checks at or above a lower one whose 95 % upper bound keeps the promise, it goes there; when
 * checks show that the present one breaks it (95 % lower bound above the promise), it goes up, to
 * the point where only the same wording passes if need be. Only the newest {@value #WINDOW} checks
 * count, so it follows traffic that drifts; a recent run of wrong answers makes it check every hit
 * again.
 */
public final class FalseHitGate {
  static final int ENOUGH = 300;
  static final int WINDOW = 4_000;
  private static final int RECENT = 200;
  private static final int CHOOSE_EVERY = 50;
  private static final int AFTER_REPORT = 50;
  private static final double[] SHARES = {0.10, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002};

  private final double maxFalseHits;
  private final double fixedThreshold;
  private final double verifyShare;
  private final ArrayDeque<Check> checks = new ArrayDeque<>();
  // Read by event loops, which must not wait for a choice under way.
  private volatile double threshold;
  private volatile boolean everyHit = true;
  private boolean drifting;
  private long served;
  private int sinceChoice;
  private int suspicious;

  /**
   * One check.
   *
   * @param score the verifier's
   */
  public record Check(double score, boolean wrong) {}

  /**
   * What a gate has learned, for the next process.
   *
   * @param scale what made the scores: those of another verifier mean something else
   * @param checks the newest {@value #WINDOW}, oldest first
   * @param suspicious hits still to be checked after a report
   */
  public record Learned(String scale, List<Check> checks, int suspicious) {
    /** Keeps a copy; it may come from a file. */
    public Learned {
      Objects.requireNonNull(scale, "scale");
      checks = List.copyOf(checks);
    }
  }

  private FalseHitGate(double maxFalseHits, double fixedThreshold, double verifyShare) {
    this.maxFalseHits = maxFalseHits;
    this.fixedThreshold = fixedThreshold;
    this.verifyShare = verifyShare;
    this.threshold =
        Double.isNaN(fixedThreshold) ? OperatingPoints.threshold(maxFalseHits) : fixedThreshold;
  }

  /**
   * Creates the gate of a rule with {@code max_false_hits}.
   *
   * @param maxFalseHits share of served hits that may be wrong, 0..1
   * @param verifyShare of hits that are checked once enough is known, 0..1
   */
  public static FalseHitGate following(double maxFalseHits, double verifyShare) {
    return new FalseHitGate(maxFalseHits, Double.NaN, verifyShare);
  }

  /** Creates the gate of a rule with a fixed {@code threshold}: it measures, and stays. */
  public static FalseHitGate fixed(double threshold, double verifyShare) {
    return new FalseHitGate(1, threshold, verifyShare);
  }

  /** Returns the least score that is served now. */
  public double threshold() {
    return threshold;
  }

  /**
   * Returns whether to ask upstream as well; never for a rule with a share of 0.
   *
   * @param random uniform in [0, 1)
   */
  public boolean shouldVerify(double random) {
    return verifyShare > 0 && (everyHit || random < verifyShare);
  }

  /**
   * Takes the result of a check, or of a candidate that was too unsure to serve and whose question
   * was answered upstream anyway.
   */
  public synchronized void checked(double score, boolean wrong) {
    suspicious = Math.max(0, suspicious - 1);
    checks.addLast(new Check(score, wrong));
    served += score >= threshold ? 1 : 0;
    if (checks.size() > WINDOW) {
      served -= checks.removeFirst().score >= threshold ? 1 : 0;
    }
    // Right answers change little one by one; a wrong one is heeded at once.
    if (wrong || ++sinceChoice >= CHOOSE_EVERY) {
      settle();
    }
    decide();
  }

  private void settle() {
    sinceChoice = 0;
    drifting = Proportion.lower(wrongOfRecent(), RECENT) > maxFalseHits;
    threshold = Double.isNaN(fixedThreshold) ? choose() : fixedThreshold;
    served = count(threshold).all;
  }

  /** Returns what the next process should know. */
  public synchronized Learned learned() {
    return new Learned(Verifier.VERSION, List.copyOf(checks), suspicious);
  }

  /** Goes on from what an earlier process learned, unless another verifier had judged there. */
  public synchronized void recall(Learned earlier) {
    if (!earlier.scale.equals(Verifier.VERSION)) {
      return;
    }
    checks.clear();
    int from = Math.max(0, earlier.checks.size() - WINDOW);
    checks.addAll(earlier.checks.subList(from, earlier.checks.size()));
    suspicious = earlier.suspicious;
    // What drifts is judged at the threshold that served.
    threshold = Double.isNaN(fixedThreshold) ? choose() : fixedThreshold;
    settle();
    decide();
  }

  private void decide() {
    everyHit = drifting || suspicious > 0 || served < ENOUGH;
  }

  /** Takes the report of a wrong answer: a check that failed; the next hits are all checked. */
  public synchronized void reported(double score) {
    checked(score, true);
    suspicious = AFTER_REPORT;
    decide();
  }

  private double choose() {
    double prior = OperatingPoints.threshold(maxFalseHits);
    for (double share : SHARES) {
      double candidate = OperatingPoints.threshold(share);
      Counted of = count(candidate);
      if (of.all >= ENOUGH && Proportion.upper(of.wrong, of.all) <= maxFalseHits) {
        return candidate;
      }
    }
    double strict = prior;
    for (double share : SHARES) {
      double candidate = OperatingPoints.threshold(share);
      if (candidate > strict && breaks(count(strict))) {
        strict = candidate;
      }
    }
    return breaks(count(strict)) ? OperatingPoints.STRICTEST : strict;
  }

  private boolean breaks(Counted of) {
    return Proportion.lower(of.wrong, of.all) > maxFalseHits;
  }

  /** Checks of hits that are at least so sure. */
  private record Counted(long all, long wrong) {}

  private Counted count(double least) {
    long all = 0;
    long wrong = 0;
    for (Check check : checks) {
      if (check.score >= least) {
        all++;
        wrong += check.wrong ? 1 : 0;
      }
    }
    return new Counted(all, wrong);
  }

  private long wrongOfRecent() {
    Iterator<Check> newest = checks.descendingIterator();
    long wrong = 0;
    for (int i = 0; i < RECENT && newest.hasNext(); ) {
      Check check = newest.next();
      if (check.score >= threshold) {
        i++;
        wrong += check.wrong ? 1 : 0;
      }
    }
    return wrong;
  }

  /**
   * What is known of the hits that would be served now.
   *
   * @param interval 95 % Wilson interval of the share that is wrong
   */
  public record Report(
      double threshold, long checked, long wrong, Proportion.Interval interval, boolean drifting) {}

  /** Returns the state for metrics and the admin API. */
  public synchronized Report report() {
    Counted of = count(threshold);
    return new Report(threshold, of.all, of.wrong, Proportion.wilson(of.wrong, of.all), drifting);
  }
}
