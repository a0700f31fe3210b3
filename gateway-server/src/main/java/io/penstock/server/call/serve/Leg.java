package io.penstock.server.call.serve;

import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;
import io.penstock.server.call.accounting.Account;
import io.penstock.server.call.attempt.AttemptOutcome;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.attempt.Watched;
import io.penstock.server.call.reply.ClientErrors;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.targets.TargetRuntime;
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
final class Leg {
  private final LegListener owner;
  private final Serving serving;
  private final Aim aim;
  private final Call call;
  private final Engine engine;
  private final Delivery delivery;
  private final Watched listener;
  private final Vitals vitals;
  private final boolean judged;
  private final Outgoing outgoing;
  private final Retries retries;
  private long cap = -1;

  /** The attempt under way, or the last one. */
  private @Nullable Underway attempt;

  private boolean holding;
  private boolean stopped;

  Leg(LegListener owner, Serving serving, Aim aim) {
    this.owner = owner;
    this.serving = serving;
    this.aim = aim;
    this.call = serving.call();
    this.engine = serving.engine();
    this.vitals = new Vitals(serving, aim);
    Judge judge = serving.from() == null ? Judge.of(call, aim.candidate()) : null;
    this.judged = judge != null;
    this.outgoing = new Outgoing(serving, aim, judge);
    this.delivery = new Delivery(this, owner, serving, aim, judge);
    this.listener = new Watched(delivery, call.guard());
    this.retries = new Retries(serving, aim, vitals);
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
    return attempt != null && !attempt.isOver();
  }

  /** Returns the attempt under way, or the last one; null while none was made. */
  @Nullable AttemptRun run() {
    return attempt == null ? null : attempt.run();
  }

  /** Returns whether its provider may have worked on the last attempt. */
  boolean isTaken() {
    return attempt != null && attempt.run().isTaken();
  }

  /** Returns the money of the attempt under way, or of the last one. */
  Account account() {
    Underway made = attempt;
    if (made == null) {
      throw new IllegalStateException("no attempt is open");
    }
    return made.account();
  }

  /** Holds the worst case of the target on every budget that matches, then asks it. */
  void begin(Cause cause) {
    holding = true;
    try {
      Holding.take(
          call,
          engine,
          target(),
          new Holding.Way(cap, aim.redirectedBy(), serving.from() == null),
          outcome -> call.guard().run(() -> onHolding(cause, outcome)));
    } catch (RuntimeException e) {
      // A body without a bound, mostly: the target was not tried.
      impossible(e);
    }
  }

  private void notMade() {
    holding = false;
    vitals.onAbandoned();
  }

  private void impossible(Throwable why) {
    notMade();
    owner.onImpossible(this, Refusals.told(call, why));
  }

  private void onHolding(Cause cause, Holding.Outcome outcome) {
    switch (outcome) {
      case Holding.Granted granted -> onGranted(cause, granted);
      case Holding.Denied denied -> {
        notMade();
        if (!stopped) {
          owner.onDenied(this, cause, denied);
        }
      }
    }
  }

  private void onGranted(Cause cause, Holding.Granted granted) {
    if (stopped) {
      // The client left while the store was asked.
      granted.reservation().cancel();
      notMade();
      return;
    }
    cap = granted.cap();
    Underway opened;
    try {
      opened = open(cause, granted);
    } catch (RuntimeException | Error e) {
      granted.reservation().cancel();
      impossible(e);
      return;
    }
    holding = false;
    attempt = opened;
    start(opened);
  }

  private Underway open(Cause cause, Holding.Granted granted) {
    Attempt request = outgoing.attempt(cap);
    LedgerRow.Attempt numbered = new LedgerRow.Attempt(call.id(), owner.onAttempt(), cause);
    Account account =
        engine
            .accounting()
            .open(call, target(), numbered, reason(), granted.worst(), granted.reservation());
    return new Underway(this, call, request, account, granted, listener);
  }

  private void start(Underway opened) {
    AttemptRun run = opened.run();
    delivery.starts(
        run.attempt().dropped(), call.stream() ? AnswerHeaders.stream(serving, this, run) : null);
    owner.onStart(this);
    opened.start(
        aim,
        engine.traceparent(call, opened.account().number()),
        serving.leftMillis(target(), run.startNanos()));
  }

  /** The model begins to answer. */
  void onContent() {
    if (attempt != null) {
      attempt.onFirstContent();
    }
    owner.onContent(this);
  }

  /** More content has come. */
  void onMore() {
    if (attempt != null) {
      attempt.onContent();
    }
  }

  /** The budgets have no more for an attempt. */
  void shorten(Underway cut, Verdict why) {
    if (!cut.isOver() && !cut.account().isSettled()) {
      delivery.open();
      cut.over();
      vitals.onAbandoned();
      serving.streamEnd().shorten(this, cut.run(), why);
    }
  }

  /** The attempt's answer is complete. */
  void onSuccess(AttemptRun run, AnswerSummary summary) {
    outgoing.answered(summary, account(), cap, run.shownBytes());
    vitals.onSuccess(call, run, summary);
  }

  /** Nothing is under way any more. */
  void onOver() {
    if (attempt != null) {
      attempt.over();
    }
  }

  /** Returns why another leg may go on with this one's stream, which was cut; null when not. */
  @Nullable String goesOn(Failure failure) {
    return retries.goesOn(failure);
  }

  /** The attempt failed: it is made again, another target is asked, or the client told. */
  void onFailed(AttemptRun run, Failure failure) {
    onOver();
    if (failure.kind().isSilence() && !hasContent()) {
      vitals.onSilence(run, call.stream());
    }
    boolean otherKey = vitals.onFailure(run, failure);
    if (delivery.isOpen()) {
      owner.onCut(this, run, failure);
      return;
    }
    delivery.discard();
    AttemptOutcome outcome = run.outcome(failure, serving.isClientGone());
    Ending ending = ClientErrors.ending(failure);
    switch (retries.after(failure, otherKey)) {
      case AttemptPolicy.Retry retry -> {
        account().settle(outcome, ending, Waste.RETRY);
        retries.later(retry, () -> again(failure));
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

  private void again(Failure failure) {
    if (vitals.tryAgain()) {
      begin(Cause.RETRY);
    } else {
      // Others have found meanwhile that it is down.
      owner.onUnavailable(this, failure);
    }
  }

  /** Stops what is under way and settles it; the owner hears nothing more of this leg. */
  void stop(Ending ending, Waste waste) {
    stopped = true;
    retries.cancel();
    delivery.discard();
    Underway running = attempt;
    if (running != null && !running.isOver()) {
      if (!hasContent()) {
        vitals.onSilence(running.run(), call.stream());
      }
      vitals.onAbandoned();
      running.stop(ending, waste);
    }
  }

  /** The gateway failed: stops what is under way, and settles it as far as it can be told. */
  void broken(Throwable why) {
    stopped = true;
    retries.cancel();
    try {
      if (holding || isRunning()) {
        vitals.onAbandoned();
      }
      delivery.discard();
    } finally {
      if (attempt != null) {
        attempt.broken(why);
      }
    }
  }

  /** Stops or resumes reading, as the client keeps up or not. */
  void setPaused(boolean paused) {
    if (attempt != null) {
      attempt.setPaused(paused);
    }
  }
}
