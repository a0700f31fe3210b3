package io.penstock.server.call.serve;

import io.penstock.budget.Verdict;
import io.penstock.core.GatewayException;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteOptions;
import io.penstock.ledger.Cause;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;
import io.penstock.server.call.FlightLead;
import io.penstock.server.call.Forwarded;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.reply.BudgetRefusals;
import io.penstock.server.targets.TargetRuntime;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one call: one target after the other until one answers. Confined to its event
 * loop.
 *
 * <pre>
 *   next target of the plan -> {@link Leg} -> answer
 *        ^___ denied, or failed before any content
 * </pre>
 *
 * <p>A slow leg may be hedged: the next target is asked as well, and the leg whose model begins to
 * answer first stops the other.
 */
public final class Attempts implements LegListener, Forwarded {
  private static final String NOT_ACCEPTED = "not accepted";

  private final Call call;
  private final Engine engine;
  private final CallSurroundings around;
  private final Serving serving;
  private final @Nullable Resumption resumption;
  private final Hedging hedging;
  private final Legs legs = new Legs();
  private Plan plan;
  private int number;
  private @Nullable Candidate stronger;
  private String redirectedBy = "";
  private @Nullable Verdict redirection;

  public Attempts(Call call, Engine engine, Plan plan, CallSurroundings around) {
    this.call = call;
    this.engine = engine;
    this.plan = plan;
    this.around = around;
    this.serving =
        new Serving(
            call,
            engine,
            TimeUnit.NANOSECONDS.toMillis(plan.options().holdNanos()),
            legs::stopAllButFirst);
    this.resumption = Resumption.of(serving, plan.options());
    this.hedging = new Hedging(call, engine.routing(), plan.options());
    call.forwarded(this);
  }

  /**
   * Tries the next target, or gives up when there is none.
   *
   * @param after why the last one did not do, "" at first
   */
  public void next(Cause cause, String after) {
    // It was to be asked beside the target that did not do; the next one has a time of its own.
    hedging.cancel();
    if (isNamed() || !ask(cause, after)) {
      giveUp();
    }
  }

  /** Headers have gone out that name a target: no other may answer, but where answers are held. */
  private boolean isNamed() {
    return serving.answer().isBegun()
        && serving.from() == null
        && plan.options().resume() != RouteOptions.Resume.BUFFER;
  }

  /** Begins a leg on the next target; false when there is none. */
  private boolean ask(Cause cause, String after) {
    Candidate first = plan.next(after);
    Candidate found = startable(first, after);
    return begin(cause, found, !after.isEmpty() || !Objects.equals(found, first));
  }

  /** Returns that candidate or the next whose breaker lets the call through. */
  private @Nullable Candidate startable(@Nullable Candidate first, String after) {
    Candidate found = first;
    while (found != null && !starts(found)) {
      found = plan.next(after.isEmpty() ? "breaker" : after);
    }
    return found;
  }

  private boolean starts(Candidate found) {
    if (!serving.streamEnd().fits(found)) {
      return false;
    }
    boolean starts = engine.routing().health().tryStart(found.target());
    if (!starts) {
      plan.gone(found);
    }
    return starts;
  }

  private boolean begin(Cause cause, @Nullable Candidate found, boolean fellBack) {
    boolean diverted = fellBack || plan.isDiverted() || !redirectedBy.isEmpty();
    TargetRuntime to = found == null ? null : call.snapshot().targets().find(found);
    if (found == null || to == null) {
      return false;
    }
    String reason = Aim.reason(call, found, redirectedBy);
    if (serving.from() != null) {
      reason += ", continued";
    }
    engine.routing().retries(to.provider()).onCall();
    Leg started = new Leg(this, serving, new Aim(plan, found, to, reason, diverted, redirectedBy));
    legs.add(started);
    started.begin(cause);
    return true;
  }

  @Override
  public int onAttempt() {
    return ++number;
  }

  @Override
  public void onStart(Leg by) {
    if (legs.isFirst(by)) {
      by.offer();
      if (!by.isJudged()) {
        // The next target is kept for when this answer is turned down.
        hedging.arm(by, this::hedge);
      }
    }
  }

  private void hedge(String why) {
    Leg slow = legs.only();
    if (slow != null
        && slow.isRunning()
        && !slow.hasContent()
        && !serving.answer().isBegun()
        && plan.hasNext()
        && hedging.tryTake()) {
      ask(Cause.HEDGE, why);
    }
  }

  @Override
  public void onContent(Leg by) {
    hedging.cancel();
    legs.stopAllBut(by);
  }

  @Override
  public boolean onUnaccepted(Leg by) {
    stronger = startable(plan.escalate(NOT_ACCEPTED), NOT_ACCEPTED);
    return stronger != null;
  }

  @Override
  public void onRejected(Leg by, Unaccepted rejected) {
    serving.keep(rejected);
    legs.remove(by);
    if (!begin(Cause.CASCADE, stronger, false)) {
      giveUp();
    }
  }

  @Override
  public void onDenied(Leg by, Cause cause, Holding.Denied why) {
    if (legs.outlive(by)) {
      return;
    }
    Verdict verdict = why.verdict();
    if (why instanceof Holding.Redirected to && serving.from() == null) {
      serving.note(verdict);
      redirect(to);
      return;
    }
    Verdict told = told(verdict);
    serving.note(told);
    if (why instanceof Holding.Refused && BudgetRefusals.isTargetBound(verdict) && plan.hasNext()) {
      next(cause, BudgetRefusals.rule(verdict));
    } else {
      serving.refuse(told);
    }
  }

  /** A budget that refuses where another one sent the call: the client hears of the first. */
  private Verdict told(Verdict refused) {
    Verdict first = redirection;
    return first != null && refused instanceof Verdict.Denied ? first : refused;
  }

  /** Sends the call to another model because a budget says so; once. */
  private void redirect(Holding.Redirected to) {
    redirection = to.verdict();
    redirectedBy = to.budget();
    plan =
        call.snapshot()
            .planner()
            .plan(to.to(), call.facts(), around, ThreadLocalRandom.current().nextLong());
    next(Cause.REDIRECT, "");
  }

  @Override
  public void onImpossible(Leg by, GatewayException why) {
    if (legs.outlive(by)) {
      return;
    }
    if (serving.from() != null && plan.hasNext()) {
      next(Cause.FALLBACK, why.code().code());
    } else {
      serving.refuse(why);
    }
  }

  @Override
  public void onUnavailable(Leg by, Failure failure) {
    serving.note(by, failure);
    if (!legs.outlive(by)) {
      next(Cause.FALLBACK, "breaker");
    }
  }

  @Override
  public void onFailed(Leg by, Failure failure, AttemptPolicy.Decision what) {
    serving.note(by, failure);
    if (legs.outlive(by)) {
      return;
    }
    boolean goesOn = serving.from() != null && !failure.kind().isOwn();
    if (goesOn || what instanceof AttemptPolicy.Next) {
      next(Cause.FALLBACK, what.why());
    } else {
      serving.fail(by, failure);
    }
  }

  @Override
  public void onCut(Leg by, AttemptRun run, Failure failure) {
    legs.remove(by);
    if (resumption == null || !resumption.takes(by, run, failure, plan, this::goOn)) {
      serving.streamEnd().cut(by, run, failure);
    }
  }

  @Override
  public void broken(Throwable why) {
    hedging.cancel();
    TargetRuntime asked = number == 0 ? null : legs.asked();
    // Before what the legs keep is dropped.
    serving.serveWeakInstead(why);
    try {
      legs.broken(why);
    } finally {
      serving.broken(why, asked);
    }
  }

  private void goOn(Candidate next, String why) {
    if (!begin(Cause.FALLBACK, startable(next, why), true)) {
      giveUp();
    }
  }

  private void giveUp() {
    if (!serving.giveUp()) {
      serving.refuse(around.nothingFits(plan));
    }
  }

  @Override
  public void clientGone() {
    serving.clientGone();
    boolean needed = isNeededByOthers();
    if (!needed) {
      hedging.cancel();
    }
    if (!legs.goOnWithoutClient(needed)) {
      serving.abandon();
    }
  }

  /** Returns whether the call goes on without its client because others wait for its answer. */
  private boolean isNeededByOthers() {
    FlightLead lead = FlightLead.of(call);
    return lead != null && lead.goesOn(this::clientGone);
  }

  @Override
  public void writabilityChanged(boolean writable) {
    FlightLead lead = FlightLead.of(call);
    // Those who follow are not held up by a leader whose client is slow.
    boolean paused = !writable && (lead == null || !lead.isFollowed());
    legs.setPaused(paused);
  }
}
