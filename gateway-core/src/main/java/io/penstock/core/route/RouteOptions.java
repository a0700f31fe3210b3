package io.penstock.core.route;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What holds for a route whatever its strategy. Of nested routes see {@link Candidate#options()}.
 *
 * @param fallbackOn what sends a request to the next target: {@code 429}, {@code 4xx}, {@code 5xx},
 *     {@code timeout}, {@code context_length}, or a status
 * @param firstTokenNanos no content by then: next target; 0: the provider's own time-outs alone
 * @param holdNanos how long response headers wait for content
 * @param resume what becomes of a stream that is cut after content went out
 * @param ceilingNanos the most one request may cost on a target, nano-USD; 0 for none
 * @param sticky what keeps a target, or null
 * @param hedge a second attempt when the first is slow, or null
 * @param baseline model that savings are measured against, or null
 * @param dropUnsupported whether fields that a target cannot take are dropped rather than refused
 * @param shadow asked as well and never served, or null
 * @param promptCache whether cache breakpoints may be added
 */
public record RouteOptions(
    Set<String> fallbackOn,
    long firstTokenNanos,
    long holdNanos,
    Resume resume,
    long ceilingNanos,
    @Nullable Sticky sticky,
    @Nullable Hedge hedge,
    @Nullable String baseline,
    boolean dropUnsupported,
    @Nullable Shadow shadow,
    boolean promptCache) {

  /** What the documentation says when nothing is configured. */
  public static final RouteOptions DEFAULT =
      new RouteOptions(
          Set.of("429", "5xx", "timeout", "context_length"),
          0,
          10_000_000_000L,
          Resume.OFF,
          0,
          null,
          null,
          null,
          false,
          null,
          false);

  public RouteOptions {
    fallbackOn = Set.copyOf(fallbackOn);
  }

  /** Returns these options with that stickiness. */
  public RouteOptions sticky(@Nullable Sticky value) {
    return new RouteOptions(
        fallbackOn,
        firstTokenNanos,
        holdNanos,
        resume,
        ceilingNanos,
        value,
        hedge,
        baseline,
        dropUnsupported,
        shadow,
        promptCache);
  }

  /** Returns these options with what the routes on the way to a target leave of them. */
  RouteOptions within(long firstToken, long ceiling, boolean drop) {
    boolean same =
        firstToken == firstTokenNanos && ceiling == ceilingNanos && drop == dropUnsupported;
    return same
        ? this
        : new RouteOptions(
            fallbackOn,
            firstToken,
            holdNanos,
            resume,
            ceiling,
            sticky,
            hedge,
            baseline,
            drop,
            shadow,
            promptCache);
  }

  /** What becomes of a stream that is cut. */
  public enum Resume {
    /** An error event ends it. */
    OFF,
    /** The answer is held whole, so that the next target can start again. */
    BUFFER,
    /** The next target goes on by prefill. */
    CONTINUE
  }

  /** By what a target is kept. */
  public enum StickyBy {
    SESSION,
    KEY,
    USER,
    CONVERSATION
  }

  /**
   * Stickiness.
   *
   * @param forNanos how long after the last use; 0: while the provider's prompt cache is warm
   */
  public record Sticky(StickyBy by, long forNanos) {}

  /**
   * Hedging.
   *
   * @param afterNanos fixed delay; 0: the target's p95 of first-token time
   * @param budget share of requests that may be hedged, 0..1
   */
  public record Hedge(long afterNanos, double budget) {}

  /**
   * A shadow. What it may spend is a budget like others.
   *
   * @param share share of requests, 0..1
   */
  public record Shadow(String model, double share) {
    /** Returns the name of the budget that pays for a route's shadow: the purpose of its calls. */
    public static String budgetOf(String route) {
      return "shadow " + route;
    }
  }
}
