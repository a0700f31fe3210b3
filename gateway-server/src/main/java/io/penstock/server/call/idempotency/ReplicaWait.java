package io.penstock.server.call.idempotency;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopTimer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A call that asks whether other replicas know its idempotency key, and waits while one of them
 * makes the same call: until its answer is there, its claim is free, the client leaves, or the call
 * has taken longer than any provider may. Confined to the call's loop.
 */
final class ReplicaWait {
  private static final long FIRST_PAUSE_MILLIS = 25;
  private static final long LONGEST_PAUSE_MILLIS = 1_000;

  private final Call call;
  private final SharedAnswers.Claim claim;
  private final Outcome outcome;
  private final LoopTimer timer;
  private long pauseMillis = FIRST_PAUSE_MILLIS;

  /** What comes of it. */
  interface Outcome {
    /**
     * The call is to be made.
     *
     * @param claim to be ended with it; null where Redis is away
     */
    void make(SharedAnswers.@Nullable Claim claim);

    /**
     * Another replica has the key, and perhaps the answer, with which the call ends.
     *
     * @throws GatewayException 409 when it is another request's
     */
    void know(AnswerSeal.Opened other);
  }

  ReplicaWait(Call call, SharedAnswers.Claim claim, Outcome outcome) {
    this.call = call;
    this.claim = claim;
    this.outcome = outcome;
    this.timer = new LoopTimer(call.guard());
  }

  /** Asks now. */
  void ask() {
    if (!call.isEnded()) {
      call.guard().whenThere(claim.take(), this::heard);
    }
  }

  private void heard(SharedAnswers.Found found) {
    if (call.isEnded()) {
      if (found instanceof SharedAnswers.Ours) {
        claim.end(null);
      }
      return;
    }
    switch (found) {
      case SharedAnswers.Ours ours -> {
        claim.hold(call.context().loop());
        outcome.make(claim);
      }
      case SharedAnswers.Away away -> outcome.make(null);
      case SharedAnswers.Theirs theirs -> {
        outcome.know(theirs.what());
        if (!call.isEnded()) {
          askLater();
        }
      }
    }
  }

  private void askLater() {
    long most =
        call.snapshot().providers().values().stream()
            .mapToLong(provider -> provider.timeouts().total())
            .max()
            .orElse(0);
    if (TimeUnit.NANOSECONDS.toMillis(call.tally().elapsedNanos()) >= most) {
      throw new GatewayException(
          ErrorCode.UPSTREAM_TIMEOUT,
          "The call with this Idempotency-Key, made by another replica, has no answer within "
              + most
              + " ms.");
    }
    timer.start(TimeUnit.MILLISECONDS.toNanos(pauseMillis), this::ask);
    pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
  }
}
