package io.penstock.server.call;

import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One target of a call and the attempts made of it, one after the other. Confined to the call's
 * loop.
 *
 * <pre>
 *   hold and INTENT -> request upstream -> {@link Delivery} of the answer
 *        ^_____________ may be retried _____| failed before the client saw any of it
 * </pre>
 */
final class Leg implements Stretch.Stream {
  private final LegListener owner;
  private final Serving serving;
  private final Aim aim;
  private final Call call;
  private final Engine engine;
  private final Delivery delivery;
  private final Vitals vitals;
  private final boolean judged;
  private final Outgoing outgoing;
  private final LoopTimer timer;
  private int retries;
  private long cap = -1;
  private @Nullable AttemptRun run;
  private @Nullable Account account;
  private @Nullable Stretch stretch;
  private boolean stopped;

  Leg(LegListener owner, Serving serving, Aim aim) {
    this.owner = owner;
    this.serving = serving;
    this.aim = aim;
    this.call = serving.call();
    this.engine = serving.engine();
    this.vitals = new Vitals(engine, aim, call.context().loop());
    Judge judge = serving.from() == null ? Judge.of(call, aim.candidate()) : null;
    this.judged = judge != null;
    this.outgoing = new Outgoing(serving, aim, judge);
    this.delivery = new Delivery(this, owner, serving, aim, judge);
    this.timer = new LoopTimer(call.context().loop());
  }

  TargetRuntime target() {
    return aim.target();
  }

  String reason() {
    return aim.reason();
  }

  /** Returns the output cap that the gateway set, tokens; -1 for none. */
  long cap() {
    return cap;
  }

  Vitals vitals() {
    return vitals;
  }

  /** Returns whether the model has begun to answer. */
  boolean hasContent() {
    return delivery.hasContent();
  }

  /** Offers the headers of this leg's stream to the client, for when the hold time is over. */
  void offer() {
    delivery.offer();
  }

  /** Returns whether its answer may be turned down for one of a stronger target. */
  boolean isJudged() {
    return judged;
  }

  /** Returns whether a request is under way. */
  boolean isRunning() {
    return run != null;
  }

  /** Returns the money of the attempt under way, or of the last one. */
  Account account() {
    Account opened = account;
    if (opened == null) {
      throw new IllegalStateException("no attempt is open");
    }
    return opened;
  }

  /** Holds the worst case of the target on every budget that matches, then asks it. */
  void begin(Cause cause) {
    try {
      Holding.take(
          call, engine, target(), cap, aim.redirectedBy(), outcome -> onHolding(cause, outcome));
    } catch (RuntimeException e) {
      // A body without a bound, mostly: the target was not tried.
      vitals.onAbandoned();
      owner.onImpossible(this, Refusals.told(call, e));
    }
  }

  private void onHolding(Cause cause, Holding.Outcome outcome) {
    switch (outcome) {
      case Holding.Granted granted -> onGranted(cause, granted);
      case Holding.Denied denied -> {
        vitals.onAbandoned();
        if (!stopped) {
          engine.budgetDenied(denied.verdict());
          owner.onDenied(this, cause, denied);
        }
      }
      case Holding.Broken broken -> {
        vitals.onAbandoned();
        onBroken(null, broken.why());
      }
    }
  }

  private void onGranted(Cause cause, Holding.Granted granted) {
    if (stopped) {
      // The client left while the store was asked.
      granted.reservation().cancel();
      vitals.onAbandoned();
      return;
    }
    try {
      cap = granted.cap();
      start(cause, granted);
    } catch (RuntimeException e) {
      if (run == null) {
        granted.reservation().cancel();
        vitals.onAbandoned();
      } else {
        stop(Ending.UPSTREAM_FAILED, Waste.FAILED);
      }
      owner.onImpossible(this, Refusals.told(call, e));
    }
  }

  private void start(Cause cause, Holding.Granted granted) {
    Attempt attempt = outgoing.attempt(cap);
    LedgerRow.Attempt numbered = new LedgerRow.Attempt(call.id(), owner.onAttempt(), cause);
    Account opened =
        engine
            .accounting()
            .open(call, target(), numbered, reason(), granted.boundNanos(), granted.reservation());
    account = opened;
    long most = OutputCap.most(call, target(), cap);
    stretch =
        granted.output() < most
            ? new Stretch(call, target(), opened, granted.output(), most, this, this::execute)
            : null;
    AttemptRun started =
        new AttemptRun(
            call.context(), target(), attempt, call.stream(), opened.startNanos(), delivery);
    run = started;
    delivery.starts(
        attempt.dropped(), call.stream() ? AnswerHeaders.stream(serving, this, started) : null);
    owner.onStart(this);
    firstTokenTimer(started);
    started.start(
        target().provider().pickKey(aim.candidate().keyHint()),
        engine.traceparent(call, numbered.number()),
        serving.leftMillis(target(), opened.startNanos()));
    if (!call.responder().isWritable()) {
      started.setPaused(true);
    }
  }

  private void firstTokenTimer(AttemptRun started) {
    long limit = aim.candidate().options().firstTokenNanos();
    if (limit > 0 && call.stream()) {
      String message = "no first token within " + TimeUnit.NANOSECONDS.toMillis(limit) + " ms";
      timer.start(limit, () -> started.timeOutFirstToken(message));
    }
  }

  /** The model begins to answer. */
  void onContent() {
    timer.cancel();
    owner.onContent(this);
  }

  /** More content has come: the hold may have to grow. */
  void stretch() {
    if (stretch != null) {
      stretch.onContent();
    }
  }

  @Override
  public long relayedBytes() {
    return run == null ? 0 : run.relayedBytes();
  }

  @Override
  public void cutShort(Verdict why) {
    // Not while the reader is at work on the bytes that made it one too many.
    execute(() -> shorten(why));
  }

  /** Does a part of this later on the loop, where nobody else hears of what it throws. */
  private void execute(Runnable part) {
    call.context().loop().execute(() -> guarded(part));
  }

  private void guarded(Runnable part) {
    try {
      part.run();
    } catch (Throwable e) {
      onBroken(run, e);
    }
  }

  private void shorten(Verdict why) {
    AttemptRun running = run;
    if (running != null && !account().isSettled()) {
      delivery.open();
      run = null;
      vitals.onAbandoned();
      try {
        serving.shorten(this, running, why);
      } catch (Throwable e) {
        onBroken(running, e);
      }
    }
  }

  /** The attempt's answer is complete. */
  void onSuccess(AttemptRun attempt, AnswerSummary summary) {
    outgoing.answered(summary, account(), cap, attempt.relayedBytes());
    vitals.onSuccess(call, attempt, summary);
  }

  /** Nothing is under way any more. */
  void onOver() {
    run = null;
  }

  /** Returns why another leg may go on with this one's stream, which was cut; null when not. */
  @Nullable String goesOn(Failure failure) {
    return aim.goesOn(
        failure, serving.leftMillis(target()), engine.routing().retries(target().provider()));
  }

  /** The attempt failed: it is made again, another target is asked, or the client told. */
  void onFailed(AttemptRun attempt, Failure failure) {
    timer.cancel();
    run = null;
    boolean otherKey = vitals.onFailure(attempt, failure);
    if (delivery.isOpen()) {
      owner.onCut(this, attempt, failure);
      return;
    }
    delivery.discard();
    AttemptOutcome outcome = attempt.outcome(failure, serving.isClientGone());
    AttemptPolicy.Decision decision =
        serving.isClientGone()
            ? new AttemptPolicy.GiveUp("client gone")
            : aim.after(
                failure,
                retries,
                otherKey,
                serving.answer().isBegun(),
                serving.leftMillis(target()),
                engine.routing().retries(target().provider()));
    Ending ending = ClientErrors.ending(failure);
    switch (decision) {
      case AttemptPolicy.Retry retry -> {
        account().settle(outcome, ending, Waste.RETRY);
        retries += retry.otherKey() ? 0 : 1;
        vitals.retry(retry.waitMillis(), timer, () -> guarded(this::again));
      }
      case AttemptPolicy.Next next -> {
        account().settle(outcome, ending, Waste.FALLBACK);
        owner.onFailed(this, failure, next);
      }
      case AttemptPolicy.GiveUp up -> {
        account().settle(outcome, ending, Waste.FAILED);
        owner.onFailed(this, failure, up);
      }
    }
  }

  /**
   * The gateway failed: what was held is settled, the call ends.
   *
   * @param attempt the one that was under way or had just failed; null: none
   */
  void onBroken(@Nullable AttemptRun attempt, Throwable why) {
    stopped = true;
    timer.cancel();
    AttemptRun running = run;
    run = null;
    try {
      if (running != null) {
        vitals.onAbandoned();
        running.cancel();
      }
      if (attempt != null) {
        attempt.cancel();
      }
      delivery.discard();
    } finally {
      try {
        if (account != null) {
          account.broken(attempt);
        }
      } finally {
        owner.onBroken(this, why);
      }
    }
  }

  private void again() {
    if (vitals.tryAgain()) {
      begin(Cause.RETRY);
    } else {
      // Others have found meanwhile that it is down.
      owner.onUnavailable(this);
    }
  }

  /** Stops what is under way and settles it; the owner hears nothing more of this leg. */
  void stop(Ending ending, Waste waste) {
    stopped = true;
    timer.cancel();
    delivery.discard();
    AttemptRun running = run;
    if (running != null) {
      run = null;
      vitals.onAbandoned();
      running.cancel();
      if (!account().isSettled()) {
        account().settle(running.outcome(null, true), ending, waste);
      }
    }
  }

  /** Stops or resumes reading, as the client keeps up or not. */
  @Override
  public void setPaused(boolean paused) {
    if (run != null) {
      run.setPaused(paused);
    }
  }
}
