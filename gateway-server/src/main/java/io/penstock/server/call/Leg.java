package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.GatewayException;
import io.penstock.core.price.Usage;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.core.route.HealthBoard;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One target of a call and the attempts made of it, one after the other. Confined to the call's
 * loop.
 *
 * <pre>
 *   hold and INTENT -> request upstream -> held until content -> answering -> ROW, settle -> last byte
 *        ^_____________ may be retried _____|
 * </pre>
 *
 * <p>Its stream is held here until the first content, so that two legs of a call may run at once;
 * from then on the leg is the one that answers the client.
 */
final class Leg implements AttemptListener, Stretch.Stream {
  private final LegListener owner;
  private final Serving serving;
  private final Aim aim;
  private final Call call;
  private final Engine engine;
  private final Delivery delivery;
  private final @Nullable Judge judge;
  private int retries;
  private long cap = -1;
  private @Nullable ScheduledFuture<?> timer;
  private @Nullable AttemptRun run;
  private @Nullable Account account;
  private @Nullable Stretch stretch;
  private boolean clientGone;
  private boolean stopped;
  private boolean hasContent;
  private boolean rejected;

  Leg(LegListener owner, Serving serving, Aim aim) {
    this.owner = owner;
    this.serving = serving;
    this.aim = aim;
    this.call = serving.call();
    this.engine = serving.engine();
    this.delivery = new Delivery(serving);
    this.judge = Judge.of(call, aim.candidate());
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
    Holding.take(serving, target(), cap, aim.redirectedBy(), outcome -> onHolding(cause, outcome));
  }

  private void onHolding(Cause cause, Holding.Outcome outcome) {
    if (outcome instanceof Holding.Granted granted) {
      Reservation hold = granted.reservation();
      if (stopped) {
        // The client left while the store was asked.
        hold.cancel();
        health().onAbandoned(target().label());
        return;
      }
      try {
        cap = granted.cap();
        start(cause, granted);
      } catch (GatewayException e) {
        hold.cancel();
        health().onAbandoned(target().label());
        owner.onImpossible(e);
      }
      return;
    }
    health().onAbandoned(target().label());
    if (!stopped) {
      owner.onDenied(cause, outcome);
    }
  }

  private void start(Cause cause, Holding.Granted granted) {
    TargetRuntime asked = judge == null ? target() : judge.asking(target());
    Attempt attempt = target().provider().provider().attempt(asked.call(call, cap));
    LedgerRow.Attempt numbered = new LedgerRow.Attempt(call.id(), owner.onAttempt(), cause);
    Account opened =
        engine
            .accounting()
            .open(call, target(), numbered, reason(), granted.boundNanos(), granted.reservation());
    account = opened;
    long most = Accounting.outputBound(call, target(), cap);
    stretch =
        granted.output() < most
            ? new Stretch(call, target(), opened, granted.output(), most, this)
            : null;
    AttemptRun started = new AttemptRun(call.context(), target(), attempt, call.stream(), this);
    run = started;
    if (call.stream()) {
      delivery.offer(AnswerHeaders.stream(serving, this, started));
    }
    firstTokenTimer(started);
    started.start(
        target().provider().pickKey(aim.candidate().keyHint()),
        engine.traceparent(call, numbered.number()));
    if (!call.responder().isWritable()) {
      started.setPaused(true);
    }
  }

  private void firstTokenTimer(AttemptRun started) {
    long limit = aim.candidate().options().firstTokenNanos();
    if (limit > 0 && call.stream()) {
      String message = "no first token within " + TimeUnit.NANOSECONDS.toMillis(limit) + " ms";
      timer =
          call.context()
              .loop()
              .schedule(() -> started.timeOutFirstToken(message), limit, TimeUnit.NANOSECONDS);
    }
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  @Override
  public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean content) {
    if (content && !hasContent) {
      hasContent = true;
      cancelTimer();
      health().onFirstToken(target().label(), System.nanoTime() - attempt.startNanos());
    }
    boolean waits = judge != null && delivery.heldBytes() < Judge.MOST_HELD_BYTES;
    if (content && !delivery.isOpen() && !waits) {
      answer();
    }
    delivery.take(bytes);
    if (content && stretch != null) {
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
    call.context().loop().execute(() -> shorten(why));
  }

  private void shorten(Verdict why) {
    AttemptRun running = run;
    if (running != null && !account().isSettled()) {
      if (!delivery.isOpen()) {
        answer();
      }
      run = null;
      health().onAbandoned(target().label());
      owner.onShortened(this, running, why);
    }
  }

  /** From now on this leg answers the client. */
  private void answer() {
    cancelTimer();
    owner.onAnswering(this);
    delivery.open(target(), aim.diverted());
  }

  @Override
  public void onReadComplete() {
    delivery.flush();
  }

  @Override
  public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary summary) {
    if (!delivery.isOpen()) {
      if (judge != null && isRejected(judge.accepts(attempt.text(), delivery.held(), summary))) {
        return reject(attempt, summary).json();
      }
      answer();
    }
    return succeeded(attempt, summary).json();
  }

  /** An answer is only turned down for another that can be asked. */
  private boolean isRejected(boolean accepted) {
    return !accepted && !clientGone && owner.onUnaccepted(this);
  }

  private Account.Settled reject(AttemptRun attempt, AnswerSummary summary) {
    rejected = true;
    health().onSuccess(target().label(), summary.usage().outputTokens());
    return account().settle(attempt.outcome(null, false), Ending.COMPLETED, Waste.CASCADE);
  }

  private Account.Settled succeeded(AttemptRun attempt, AnswerSummary summary) {
    Account.Settled settled =
        account().settle(attempt.outcome(null, clientGone), Ending.COMPLETED, Waste.NONE);
    Usage usage = summary.usage();
    delivery.settled(target(), usage, settled.costNanos());
    if (!summary.storedId().isEmpty()) {
      engine.responses().note(summary.storedId(), call.principal(), target().provider().name());
    }
    if (call.stream() && cap < 0 && OutputCap.asked(call) < 0) {
      engine.learnedOutput().learn(target().label(), usage.outputTokens());
    }
    health().onSuccess(target().label(), usage.outputTokens());
    PromptCache warm = PromptCache.after(target().price(), usage, call.startMillis());
    KeySpread.Slot key = attempt.key();
    aim.plan().answered(key == null ? "" : key.name(), warm.tokens(), warm.ttlNanos());
    return settled;
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    run = null;
    if (rejected) {
      owner.onRejected(this, new Unaccepted(() -> serveHeld(attempt.status()), delivery::discard));
      return;
    }
    delivery.end(attempt.status());
    owner.onDone(this);
  }

  private void serveHeld(int status) {
    answer();
    delivery.end(status);
    owner.onDone(this);
  }

  @Override
  public void onAnswer(AttemptRun attempt, Answer whole) {
    run = null;
    if (judge != null
        && isRejected(judge.accepts(ByteBufUtil.getBytes(whole.body()), whole.summary()))) {
      Account.Settled settled = reject(attempt, whole.summary());
      owner.onRejected(
          this, new Unaccepted(() -> serve(attempt, whole, settled), whole.body()::release));
      return;
    }
    answer();
    serve(attempt, whole, succeeded(attempt, whole.summary()));
  }

  private void serve(AttemptRun attempt, Answer whole, Account.Settled settled) {
    HttpHeaders headers = AnswerHeaders.whole(serving, this, attempt, whole.contentType(), settled);
    try {
      delivery.whole(attempt.status(), headers, whole);
    } catch (GatewayException e) {
      owner.onImpossible(e);
      return;
    }
    owner.onDone(this);
  }

  @Override
  public void onFailed(AttemptRun attempt, Failure failure) {
    if (rejected) {
      // It broke after its last content; it had been judged and settled.
      onStreamEnd(attempt);
      return;
    }
    cancelTimer();
    run = null;
    engine.setAside(attempt, failure);
    boolean otherKey = attempt.key() != null && target().provider().keys().hasOther(attempt.key());
    if (!otherKey) {
      health().onFailure(target().label(), failure.kind(), failure.retryAfterMillis());
    }
    if (delivery.isOpen()) {
      owner.onCut(this, attempt, failure);
      return;
    }
    delivery.discard();
    AttemptOutcome outcome = attempt.outcome(failure, clientGone);
    AttemptPolicy.Decision decision =
        clientGone
            ? new AttemptPolicy.GiveUp("client gone")
            : aim.after(
                failure,
                retries,
                otherKey,
                System.nanoTime() - call.startNanos(),
                engine.routing().retries(target().provider()));
    Ending ending = ClientErrors.ending(failure);
    switch (decision) {
      case AttemptPolicy.Retry retry -> {
        account().settle(outcome, ending, Waste.RETRY);
        retries += retry.otherKey() ? 0 : 1;
        timer =
            call.context().loop().schedule(this::again, retry.waitMillis(), TimeUnit.MILLISECONDS);
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

  private void again() {
    timer = null;
    begin(Cause.RETRY);
  }

  /** Stops what is under way and settles it; the owner hears nothing more of this leg. */
  void stop(Ending ending, Waste waste) {
    stopped = true;
    cancelTimer();
    delivery.discard();
    AttemptRun running = run;
    if (running != null) {
      run = null;
      health().onAbandoned(target().label());
      running.cancel();
      if (!account().isSettled()) {
        account().settle(running.outcome(null, true), ending, waste);
      }
    }
  }

  /** The client has left, but the answer is read to its end. */
  void drain() {
    clientGone = true;
    setPaused(false);
  }

  /** Stops or resumes reading, as the client keeps up or not. */
  @Override
  public void setPaused(boolean paused) {
    if (run != null) {
      run.setPaused(paused);
    }
  }

  private HealthBoard health() {
    return engine.routing().health();
  }
}
