package io.penstock.budget;

import java.time.Duration;
import java.time.Instant;

/** What clients are told of refusals, without capital and full stop. Stateless. */
final class Sentences {
  private static final long SECOND = 1_000;

  private Sentences() {}

  /** Says that a call is too large, or that too little is left, or that nothing is. */
  static String of(Verdict.Denied denied) {
    Limit limit = denied.limit();
    if (denied.need() > denied.most()) {
      // Whatever resets: this one will never fit.
      return "budget %s: this call may cost %s, more than the whole limit of %s; shorten it or lower"
              .formatted(whose(denied.counter()), limit.show(denied.need()), limits(denied))
          + " its maximum of output tokens";
    }
    if (denied.affordable() > 0) {
      return "budget %s has %s left, and this call may cost %s: limit %s, %s; %s"
          .formatted(
              whose(denied.counter()),
              limit.show(denied.affordable()),
              limit.show(denied.need()),
              limits(denied),
              used(denied),
              resets(denied.counter()));
    }
    return "budget %s is used up: limit %s, %s, %s; %s"
        .formatted(
            whose(denied.counter()),
            limits(denied),
            used(denied),
            denied.need() == Verdict.Denied.UNKNOWN
                ? "what this call costs is not known"
                : "this call may cost " + limit.show(denied.need()),
            resets(denied.counter()));
  }

  /** Says why an answer ends early: what is held is its own, or mostly. */
  static String cut(Verdict.Denied denied) {
    return "budget %s is used up with this answer: limit %s, %s, what the answer itself holds included; %s"
        .formatted(whose(denied.counter()), limits(denied), used(denied), resets(denied.counter()));
  }

  private static String whose(CounterKey counter) {
    return counter.budget()
        + (counter.override() < 0 ? "" : " (override " + counter.override() + ")")
        + (counter.subject().isEmpty() ? "" : " of " + counter.subject());
  }

  private static String limits(Verdict.Denied denied) {
    Limit limit = denied.limit();
    String shown = limit.show(limit.amount());
    return denied.over() instanceof Over.Use use && use.denyAtPercent() > 0
        ? shown
            + " (deny_at "
            + limit.show(Thresholds.share(limit.amount(), use.denyAtPercent()))
            + ")"
        : shown;
  }

  private static String used(Verdict.Denied denied) {
    return "spent %s, held %s"
        .formatted(denied.limit().show(denied.spent()), denied.limit().show(denied.held()));
  }

  private static String resets(CounterKey counter) {
    return counter.windowEnd() == Long.MAX_VALUE
        ? "it does not reset"
        : "it resets at " + Instant.ofEpochMilli(counter.windowEnd());
  }

  static String of(Verdict.RateLimited limited) {
    RateState rate = limited.rate();
    // A moment that is shown is never too early.
    long fits = Math.ceilDiv(limited.at() + limited.retryAfterMillis(), SECOND) * SECOND;
    return "rate %s%s is used up: limit %s %s (sliding), %d used, this call takes %d; it fits at %s (in"
            .formatted(
                rate.name(),
                rate.subject().isEmpty() ? "" : " of " + rate.subject(),
                amount(rate.limit(), rate.tokens() ? "token" : "request"),
                per(limited.window()),
                rate.limit() - rate.remaining(),
                limited.need(),
                Instant.ofEpochMilli(fits))
        + " "
        + shown(Math.ceilDiv(limited.retryAfterMillis(), SECOND))
        + ")";
  }

  static String of(Verdict.ConcurrencyLimited limited) {
    CounterKey counter = limited.counter();
    return "rate %s%s allows %s at a time, and %d %s under way"
        .formatted(
            counter.budget(),
            counter.subject().isEmpty() ? "" : " of " + counter.subject(),
            amount(limited.limit(), "call"),
            limited.running(),
            limited.running() == 1 ? "is" : "are");
  }

  private static String amount(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  private static String per(long windowMillis) {
    return switch ((int) Math.min(Integer.MAX_VALUE, windowMillis / SECOND)) {
      case 1 -> "a second";
      case 60 -> "a minute";
      case 3_600 -> "an hour";
      case 86_400 -> "a day";
      default -> "in " + shown(windowMillis / SECOND);
    };
  }

  /** As {@code 36h59m}: two units are exact enough for whoever waits. */
  private static String shown(long seconds) {
    Duration wait = Duration.ofSeconds(seconds);
    if (wait.toHours() > 0) {
      return wait.toHours() + "h" + (wait.toMinutesPart() == 0 ? "" : wait.toMinutesPart() + "m");
    }
    if (wait.toMinutes() > 0) {
      return wait.toMinutes() + "m" + (wait.toSecondsPart() == 0 ? "" : wait.toSecondsPart() + "s");
    }
    return seconds + "s";
  }
}
