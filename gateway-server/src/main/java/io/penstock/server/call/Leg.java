package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.GatewayException;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.core.route.RouteOptions;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.providers.Answer;
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
 *   hold and INTENT -> request upstream -> held until content -> answering -> ROW, settle -> last byte
 *        ^_____________ may be retried _____|
 * </pre>
 *
 * <p>Its stream is held here until the first content, so that two legs of a call may run at once;
 * from then on the leg is the one that answers the client.
 */
final class Leg implements AttemptListener, Stretch.Stream {
  /** A whole answer that is held for {@code resume: buffer} goes out when it grows over this. */
  private static final int MAX_HELD_BYTES = 16 << 20;

  private final LegListener owner;
  private final Serving serving;
  private final Aim aim;
  private final Call call;
  private final Engine engine;
  private final Delivery delivery;
  private final Vitals vitals;
  private final @Nullable Judge judge;
  private final LoopTimer timer;
  private int retries;
  private long cap = -1;
  private @Nullable AttemptRun run;
  private @Nullable Account account;
  private @Nullable Stretch stretch;
  private boolean content;
  private boolean clientGone;
  private boolean stopped;
  private boolean rejected;

  Leg(LegListener owner, Serving serving, Aim aim) {
    this.owner = owner;
    this.serving = serving;
    this.aim = aim;
    this.call = serving.call();
    this.engine = serving.engine();
    this.delivery = new Delivery(serving);
    this.vitals = new Vitals(engine, aim);
    this.judge = Judge.of(call, aim.candidate());
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

  /** Returns whether the model has begun to answer. */
  boolean hasContent() {
    return content;
  }

  /** Offers the headers of this leg's stream to the client, for when the hold time is over. */
  void offer() {
    delivery.offer();
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
        vitals.onAbandoned();
        return;
      }
      try {
        cap = granted.cap();
        start(cause, granted);
      } catch (GatewayException e) {
        hold.cancel();
        vitals.onAbandoned();
        owner.onImpossible(this, e);
      }
      return;
    }
    vitals.onAbandoned();
    if (!stopped) {
      owner.onDenied(this, cause, outcome);
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
      delivery.headers(AnswerHeaders.stream(serving, this, started));
    }
    owner.onStart(this);
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
      timer.start(limit, () -> started.timeOutFirstToken(message));
    }
  }

  @Override
  public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean ofModel) {
    if (ofModel && !content) {
      vitals.onFirstToken(attempt);
      onContent();
    }
    if (ofModel && !waits()) {
      open();
    }
    delivery.take(bytes);
    if (ofModel && stretch != null) {
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
      open();
      run = null;
      vitals.onAbandoned();
      owner.onShortened(this, running, why);
    }
  }

  /** Returns whether the answer is held until it is complete: to be judged, or made anew. */
  private boolean waits() {
    boolean buffered = aim.plan().options().resume() == RouteOptions.Resume.BUFFER;
    long most = judge != null ? Judge.MOST_HELD_BYTES : buffered ? MAX_HELD_BYTES : 0;
    return delivery.heldBytes() < most;
  }

  private void onContent() {
    content = true;
    timer.cancel();
    owner.onContent(this);
  }

  /** From now on the client sees what comes. */
  private void open() {
    if (!delivery.isOpen()) {
      owner.onAnswering(this);
      delivery.open(target(), aim.diverted());
    }
  }

  @Override
  public void onReadComplete() {
    delivery.flush();
  }

  @Override
  public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary summary) {
    if (!content) {
      onContent();
    }
    if (judge != null
        && !delivery.isOpen()
        && isRejected(judge.accepts(attempt.text(), delivery.held(), summary))) {
      return reject(attempt, summary).json();
    }
    open();
    return succeeded(attempt, summary).json();
  }

  /** An answer is only turned down for another that can be asked. */
  private boolean isRejected(boolean accepted) {
    return !accepted && !clientGone && owner.onUnaccepted(this);
  }

  private Account.Settled reject(AttemptRun attempt, AnswerSummary summary) {
    rejected = true;
    vitals.onRejected(summary);
    return account().settle(attempt.outcome(null, false), Ending.COMPLETED, Waste.CASCADE);
  }

  private Account.Settled succeeded(AttemptRun attempt, AnswerSummary summary) {
    Account.Settled settled =
        account().settle(attempt.outcome(null, clientGone), Ending.COMPLETED, Waste.NONE);
    delivery.settled(target(), summary.usage(), settled.costNanos());
    if (call.stream() && cap < 0 && OutputCap.asked(call) < 0) {
      engine.learnedOutput().learn(target().label(), summary.usage().outputTokens());
    }
    vitals.onSuccess(call, attempt, summary);
    return settled;
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    run = null;
    if (rejected) {
      owner.onRejected(this, new Unaccepted(() -> serveHeld(attempt.status()), delivery::discard));
    } else {
      serveHeld(attempt.status());
    }
  }

  private void serveHeld(int status) {
    open();
    delivery.end(status);
    owner.onDone(this);
  }

  @Override
  public void onAnswer(AttemptRun attempt, Answer whole) {
    run = null;
    vitals.onWhole(attempt);
    onContent();
    if (judge != null
        && isRejected(judge.accepts(ByteBufUtil.getBytes(whole.body()), whole.summary()))) {
      Account.Settled settled = reject(attempt, whole.summary());
      owner.onRejected(
          this, new Unaccepted(() -> serve(attempt, whole, settled), whole.body()::release));
      return;
    }
    open();
    serve(attempt, whole, succeeded(attempt, whole.summary()));
  }

  private void serve(AttemptRun attempt, Answer whole, Account.Settled settled) {
    HttpHeaders headers = AnswerHeaders.whole(serving, this, attempt, whole.contentType(), settled);
    try {
      delivery.whole(attempt.status(), headers, whole);
    } catch (GatewayException e) {
      owner.onImpossible(this, e);
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
    timer.cancel();
    run = null;
    boolean otherKey = vitals.onFailure(attempt, failure);
    if (delivery.isOpen()) {
      owner.onCut(this, attempt, failure);
      return;
    }
    delivery.discard();
    content = false;
    AttemptOutcome outcome = attempt.outcome(failure, clientGone);
    AttemptPolicy.Decision decision =
        clientGone
            ? new AttemptPolicy.GiveUp("client gone")
            : aim.after(
                failure,
                retries,
                otherKey,
                serving.answer().isBegun(),
                System.nanoTime() - call.startNanos(),
                engine.routing().retries(target().provider()));
    Ending ending = ClientErrors.ending(failure);
    switch (decision) {
      case AttemptPolicy.Retry retry -> {
        account().settle(outcome, ending, Waste.RETRY);
        retries += retry.otherKey() ? 0 : 1;
        timer.start(TimeUnit.MILLISECONDS.toNanos(retry.waitMillis()), this::again);
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
    if (vitals.tryStart()) {
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
}
