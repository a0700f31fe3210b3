package io.penstock.server.call.serve;

import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.ledger.Waste;
import io.penstock.providers.Attempt;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopTimer;
import io.penstock.server.call.accounting.Account;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.attempt.Watched;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.TargetRuntime;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One attempt of a leg and its money: what is read, what pays for it, and for how much more it may
 * ask. Confined to the call's loop.
 */
final class Underway implements Stretch.Stream {
  private final Leg leg;
  private final Call call;
  private final Account account;
  private final AttemptRun run;
  private final @Nullable Stretch stretch;
  private @Nullable LoopTimer patience;
  private boolean over;

  /**
   * Creates it; nothing is sent.
   *
   * @param account owned: settled by whoever ends this
   * @param granted what is held
   * @param listener of its answer
   */
  Underway(
      Leg leg,
      Call call,
      Attempt request,
      Account account,
      Holding.Granted granted,
      Watched listener) {
    this.leg = leg;
    this.call = call;
    this.account = account;
    TargetRuntime to = leg.target();
    this.run =
        new AttemptRun(call.context(), to, request, call.stream(), account.startNanos(), listener);
    this.stretch =
        granted.worst().output() < granted.most()
            ? new Stretch(
                call, to, account, granted.worst().output(), granted.most(), this, call.guard())
            : null;
  }

  Account account() {
    return account;
  }

  AttemptRun run() {
    return run;
  }

  /**
   * Sends it.
   *
   * @param leftMillis of the time that the call has for all its attempts
   */
  void start(Aim aim, String traceparent, long leftMillis) {
    long limit = aim.candidate().options().firstTokenNanos();
    if (limit > 0 && call.stream()) {
      String message = "no first token within " + TimeUnit.NANOSECONDS.toMillis(limit) + " ms";
      patience = new LoopTimer(call.guard());
      patience.start(limit, () -> run.timeOutFirstToken(message));
    }
    ProviderRuntime provider = aim.target().provider();
    run.start(
        provider.pickKey(aim.candidate().keyHint(), leg.vitals().tried()), traceparent, leftMillis);
    if (!call.responder().isWritable()) {
      run.setPaused(true);
    }
  }

  /** The model begins to answer. */
  void onFirstContent() {
    if (patience != null) {
      patience.cancel();
    }
  }

  /** Returns whether its answer is complete, or it failed or was stopped. */
  boolean isOver() {
    return over;
  }

  /** Nothing of it is under way any more. */
  void over() {
    over = true;
    if (patience != null) {
      patience.cancel();
    }
  }

  /** More content has come: the hold may have to grow. */
  void onContent() {
    if (stretch != null) {
      stretch.onContent();
    }
  }

  @Override
  public long relayedBytes() {
    return over ? 0 : run.relayedBytes();
  }

  /** Stops or resumes reading, as the client keeps up or not, or the hold reaches. */
  @Override
  public void setPaused(boolean paused) {
    if (!over) {
      run.setPaused(paused);
    }
  }

  @Override
  public void cutShort(Verdict why) {
    // Not while the reader is at work on the bytes that made it one too many.
    call.guard().execute(() -> leg.shorten(this, why));
  }

  /** Stops and settles it. */
  void stop(Ending ending, Waste waste) {
    over();
    run.cancel();
    if (!account.isSettled()) {
      account.settle(run.outcome(null, true), ending, waste);
    }
  }

  /** The gateway failed: stops it, and settles it as far as it can be told. */
  void broken(Throwable why) {
    over();
    try {
      run.cancel();
    } finally {
      account.broken(run, why);
    }
  }
}
