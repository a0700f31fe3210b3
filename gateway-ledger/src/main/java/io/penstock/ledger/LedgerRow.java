package io.penstock.ledger;

import io.penstock.core.Ending;
import io.penstock.core.price.Usage;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * One attempt, refusal, cache hit or correction, as it is kept for ever. Immutable. Absent text is
 * "", never null.
 *
 * @param charges which counters pay how much, fixed when the hold was taken
 */
public record LedgerRow(
    Attempt attempt,
    Times times,
    Caller caller,
    Destination destination,
    Outcome outcome,
    Usage usage,
    UsageSource usageSource,
    Money money,
    List<Charge> charges) {

  /** Returns the row's key: unique, ordered by time. */
  public UUID id() {
    return attempt.rowId();
  }

  /**
   * Which attempt of which request.
   *
   * @param request from {@link RequestIds}
   * @param number unique within the request; 0: nothing went upstream (refusal, cache hit,
   *     follower); at most {@link RequestIds#MAX_ATTEMPT}
   * @param cause why it was made
   */
  public record Attempt(UUID request, int number, Cause cause) {
    /** Returns the id of this attempt's row. */
    public UUID rowId() {
      return RequestIds.row(request, number);
    }

    /** Returns whether the row stands for a client's request: each has one such row. */
    boolean isRequest() {
      return number == 0
          ? cause == Cause.REQUEST
          : number == 1 && !cause.isOverhead() && !isBooking();
    }

    /** Returns whether nothing was called: the row only corrects what is charged. */
    public boolean isBooking() {
      return switch (cause) {
        case CORRECTION, RECONCILIATION -> true;
        case CRASH -> number == 0;
        default -> false;
      };
    }
  }

  /**
   * When and how long.
   *
   * @param reservedAt when the hold was taken, epoch milliseconds: the budgets' time
   * @param endedAt when the attempt ended, epoch milliseconds: the reports' time
   * @param latencyNanos from the request's arrival (attempt 1) or the attempt's start to its end
   * @param overheadNanos time in the gateway, upstream excluded
   * @param firstTokenNanos to the first content, or -1 when there was none
   */
  public record Times(
      long reservedAt, long endedAt, long latencyNanos, long overheadNanos, long firstTokenNanos) {}

  /**
   * For whom.
   *
   * @param endUser already hashed where the configuration says so
   * @param key the key's id, never its secret
   */
  public record Caller(
      String team,
      String app,
      String user,
      String endUser,
      String key,
      String session,
      Map<String, String> metadata) {
    public Caller {
      metadata = Map.copyOf(metadata);
    }
  }

  /**
   * To what.
   *
   * @param endpoint the label of {@link io.penstock.core.Endpoint}
   * @param asked the model name that the client sent
   * @param route the configured name that matched
   * @param reason why it went there, as in {@code x-penstock-route}
   * @param provider the configured provider's name
   * @param model the target's model, without the provider; the one that the response names is in
   *     {@link Usage#model()}
   */
  public record Destination(
      String endpoint, String asked, String route, String reason, String provider, String model) {}

  /**
   * How it ended.
   *
   * @param status the HTTP status: the provider's for an attempt, the gateway's for attempt 0; 0
   *     when there was none
   * @param error the code of the error, the gateway's or the provider's
   * @param rule what refused: a budget, rate, permission or other rule by name
   * @param cache what the cache did
   * @param waste why the cost was for nothing
   */
  public record Outcome(
      int status, Ending ending, String error, String rule, CacheOutcome cache, Waste waste) {}

  /**
   * Nano-USD.
   *
   * @param cost what this attempt costs, after discounts
   * @param list the same before discounts
   * @param baseline what the model that was asked for would have cost; 0 when none is claimed
   * @param saved what the gateway saved on this row, not negative, overhead not deducted
   * @param premium what the gateway's choice cost more than the baseline, not negative
   * @param priceVersion the catalogue's version; "" when nothing was priced
   */
  public record Money(
      long cost, long list, long baseline, long saved, long premium, String priceVersion) {
    /** Nothing was spent and nothing saved. */
    public static final Money ZERO = new Money(0, 0, 0, 0, 0, "");
  }
}
