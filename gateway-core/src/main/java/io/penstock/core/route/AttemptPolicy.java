package io.penstock.core.route;

import io.penstock.core.FailureKind;
import java.util.Locale;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * What to do after a failed attempt. Pure but for the retry budget that it draws on; on the
 * exchange's loop.
 *
 * @param attempts tries of one target after the first
 * @param backoffMillis upper bound of the first wait; doubles each time
 * @param maxBackoffMillis upper bound of any wait that the provider did not ask for
 */
public record AttemptPolicy(int attempts, long backoffMillis, long maxBackoffMillis) {
  /** Longer than this is not waited for when there is another target. */
  private static final long PATIENCE_MILLIS = 1000;

  /** And longer than this never: the client's own SDK would not wait for it either. */
  private static final long LONGEST_WAIT_MILLIS = 60_000;

  /** What the configuration's defaults say. */
  public static final AttemptPolicy DEFAULT = new AttemptPolicy(2, 200, 5000);

  /** Returns this policy with a target's own number of tries after the first; -1: as it is. */
  public AttemptPolicy tries(int own) {
    return own < 0 ? this : new AttemptPolicy(own, backoffMillis, maxBackoffMillis);
  }

  /**
   * What failed.
   *
   * @param status HTTP status, or 0
   * @param retryAfterMillis the provider's wish, or -1
   */
  public record Failed(FailureKind kind, int status, long retryAfterMillis) {}

  /**
   * How things stand.
   *
   * @param retries tries of this target after the first, so far
   * @param sent whether content has gone out to the client
   * @param hasNext whether the plan has another target: {@link Plan#hasNext()}
   * @param hasKey whether the provider has another key that is not set aside and that this call did
   *     not try yet
   * @param canPrefill whether the next target can go on from what was sent
   * @param remainingMillis until the client's deadline
   */
  public record Standing(
      int retries,
      boolean sent,
      boolean hasNext,
      boolean hasKey,
      boolean canPrefill,
      long remainingMillis) {}

  /** What to do. */
  public sealed interface Decision {
    /** Why, in words for header and log. */
    String why();
  }

  /** Ask the same target again after the wait; with another key when {@code otherKey}. */
  public record Retry(long waitMillis, boolean otherKey, String why) implements Decision {}

  /** Go on to {@link Plan#next}, from what was sent to the client if anything was. */
  public record Next(String why) implements Decision {}

  /** Tell the client. */
  public record GiveUp(String why) implements Decision {}

  /**
   * Decides.
   *
   * @param options {@link Candidate#options()} for {@code fallback_on}; {@code resume} is the
   *     plan's
   * @param budget the provider's retry budget
   */
  public Decision decide(
      Failed failed,
      Standing standing,
      RouteOptions options,
      RouteOptions.Resume resume,
      ShareBudget budget,
      RandomGenerator random) {
    String why = words(failed);
    if (failed.kind() == FailureKind.TOTAL_TIMEOUT || standing.remainingMillis() <= 0) {
      return new GiveUp(why);
    }
    if (standing.sent()) {
      boolean goesOn =
          resume == RouteOptions.Resume.CONTINUE
              && standing.hasNext()
              && standing.canPrefill()
              && fallsBack(failed, options.fallbackOn());
      return goesOn ? new Next(why) : new GiveUp(why);
    }
    if (standing.hasKey() && failed.kind().isOfKey() && isAffordable(failed.kind(), budget)) {
      return new Retry(0, true, why);
    }
    boolean falls = standing.hasNext() && fallsBack(failed, options.fallbackOn());
    if (mayRetry(failed, standing, falls)) {
      long wait = waitMillis(failed, standing.retries(), random);
      if (wait < standing.remainingMillis() && budget.tryExtra()) {
        return new Retry(wait, false, why);
      }
    }
    return falls ? new Next(why) : new GiveUp(why);
  }

  /** A file that is another's rests no key: unbounded, each request would ask all of them. */
  private static boolean isAffordable(FailureKind kind, ShareBudget budget) {
    return kind != FailureKind.FORBIDDEN || budget.tryExtra();
  }

  private boolean mayRetry(Failed failed, Standing standing, boolean falls) {
    boolean again =
        switch (failed.kind()) {
          case RATE_LIMITED, SERVER_ERROR, OVERLOADED, CONNECT, RESET, CUT -> true;
          default -> false;
        };
    boolean tooLong = failed.retryAfterMillis() > (falls ? PATIENCE_MILLIS : LONGEST_WAIT_MILLIS);
    return again && !tooLong && standing.retries() < attempts;
  }

  /** Full jitter, but never sooner than the provider asked. */
  private long waitMillis(Failed failed, int retries, RandomGenerator random) {
    long bound = Math.min(maxBackoffMillis, backoffMillis << Math.min(retries, 20));
    long jitter = bound <= 0 ? 0 : random.nextLong(bound + 1);
    return Math.max(failed.retryAfterMillis(), jitter);
  }

  private static boolean fallsBack(Failed failed, Set<String> on) {
    if (failed.status() >= 400
        && (on.contains(Integer.toString(failed.status()))
            || on.contains(failed.status() / 100 + "xx"))) {
      return true;
    }
    return switch (failed.kind()) {
      case BAD_REQUEST,
          FORBIDDEN,
          CONTENT_POLICY,
          TOTAL_TIMEOUT,
          TOO_LARGE,
          NO_SOCKET,
          NO_BUFFER,
          UNTRANSLATABLE ->
          false;
      case CONTEXT_LENGTH -> on.contains("context_length");
      case RATE_LIMITED, QUOTA -> on.contains("429");
      case FIRST_BYTE_TIMEOUT, FIRST_TOKEN_TIMEOUT, IDLE_TIMEOUT -> on.contains("timeout");
      // Our own bad key or address and a broken answer are failures of the provider, as a 5xx is.
      case CREDENTIALS, REDIRECTED, SERVER_ERROR, OVERLOADED, CONNECT, RESET, CUT, MALFORMED ->
          on.contains("5xx");
    };
  }

  private static String words(Failed failed) {
    return switch (failed.kind()) {
      case BAD_REQUEST,
          FORBIDDEN,
          SERVER_ERROR,
          OVERLOADED,
          RATE_LIMITED,
          CREDENTIALS,
          REDIRECTED ->
          failed.status() > 0
              ? Integer.toString(failed.status())
              : failed.kind().name().toLowerCase(Locale.ROOT);
      case CONTEXT_LENGTH -> "context length";
      case CONTENT_POLICY -> "content policy";
      case QUOTA -> "quota used up";
      case CONNECT -> "no connection";
      case RESET -> "reset";
      case FIRST_BYTE_TIMEOUT -> "no answer in time";
      case FIRST_TOKEN_TIMEOUT -> "no first token in time";
      case IDLE_TIMEOUT -> "silence";
      case TOTAL_TIMEOUT -> "time is up";
      case CUT -> "cut";
      case MALFORMED -> "malformed answer";
      case TOO_LARGE -> "answer too large";
      case NO_SOCKET -> "no socket left";
      case NO_BUFFER -> "no memory left";
      case UNTRANSLATABLE -> "answer without a form";
    };
  }
}
