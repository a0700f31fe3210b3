package io.penstock.budget;

import java.util.concurrent.CompletionStage;

/** The answer to an attempt that wants to spend. */
public sealed interface Verdict {
  /**
   * All allow it: the hold is taken.
   *
   * @param reservation to be settled exactly once
   */
  record Granted(Reservation reservation) implements Verdict {}

  /**
   * A budget is over: 402, or the next target, or another model.
   *
   * @param counter the budget, subject and window that refused
   * @param limit its limit
   * @param most what spent + held may reach in this call: the limit, or {@code deny_at} of it where
   *     this budget has sent the call to the model that was refused
   * @param spent what settled calls cost, of all replicas, as last known
   * @param held what open calls and allowances of replicas hold of it
   * @param need what this attempt asked for; {@link #UNKNOWN} where nobody knows
   * @param over what the budget says should happen
   * @param targetBound whether another target may pass
   */
  record Denied(
      CounterKey counter,
      Limit limit,
      long most,
      long spent,
      long held,
      long need,
      Over over,
      boolean targetBound)
      implements Verdict {
    /** In place of a need that nobody knows. */
    public static final long UNKNOWN = -1;

    /** Returns what would still fit, in the unit of the limit: to lower the output cap. */
    public long affordable() {
      return Math.max(0, most - spent - held);
    }

    /** Returns the sentence for the client. */
    public String message() {
      return Sentences.of(this);
    }

    /** Returns the same where an answer that has begun needs more. */
    public String cutMessage() {
      return Sentences.cut(this);
    }
  }

  /**
   * A request or token rate is used up: 429.
   *
   * @param rate the numbers of the rate that refused
   * @param window its length, milliseconds
   * @param need what this attempt would have taken of it
   * @param at when it was asked, epoch milliseconds of the store's time
   * @param retryAfterMillis when it may fit
   * @param targetBound whether another target may pass
   */
  record RateLimited(
      RateState rate, long window, long need, long at, long retryAfterMillis, boolean targetBound)
      implements Verdict {
    /** Returns the sentence for the client. */
    public String message() {
      return Sentences.of(this);
    }
  }

  /**
   * Too many calls are in flight: 429, or the next target.
   *
   * @param counter the rate and the subject that refused
   * @param limit calls at a time
   * @param running calls that hold a permit, of all replicas, as last known
   * @param targetBound whether another target may pass
   */
  record ConcurrencyLimited(CounterKey counter, long limit, long running, boolean targetBound)
      implements Verdict {
    /** Returns the sentence for the client. */
    public String message() {
      return Sentences.of(this);
    }
  }

  /**
   * Nobody can tell whether there is money: 503.
   *
   * @param retryAfterMillis when to ask again
   * @param reason for the message
   */
  record Unavailable(long retryAfterMillis, String reason) implements Verdict {}

  /**
   * The store has to be asked.
   *
   * @param stage completes with any other verdict, never exceptionally, on any thread; a grant that
   *     nobody wants any more must be settled at 0
   */
  record Pending(CompletionStage<Verdict> stage) implements Verdict {}
}
