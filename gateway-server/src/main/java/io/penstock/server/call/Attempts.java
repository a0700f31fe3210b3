package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.Ask;
import io.penstock.budget.Limit;
import io.penstock.budget.Over;
import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.ErrorCode;
import io.penstock.core.FailureKind;
import io.penstock.core.GatewayException;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderCall;
import io.penstock.server.client.Running;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one call: one target after the other until one answers. Confined to its event
 * loop.
 *
 * <pre>
 *   next target -> hold and INTENT -> request upstream -> answer -> ROW, settle -> last byte
 *        ^______________ failed before any content _______|
 * </pre>
 */
final class Attempts implements AttemptRun.Owner, Running {
  /** A lowered output cap below this is no answer worth paying for. */
  private static final long LEAST_CAP = 16;

  private final Call call;
  private final Engine engine;
  private final List<TargetRuntime> targets;
  private final ClientAnswer answer;
  private final String traceparent;
  private int at = -1;
  private int number;
  private @Nullable AttemptRun run;
  private @Nullable Account account;
  private @Nullable Failure lastFailure;
  private @Nullable String reason;
  private @Nullable Verdict lastRefusal;
  private String redirectedBy = "";
  private long cap = -1;
  private boolean clientGone;

  Attempts(Call call, Engine engine, List<TargetRuntime> targets, long holdMillis) {
    this.call = call;
    this.engine = engine;
    this.targets = new ArrayList<>(targets);
    this.answer = new ClientAnswer(call, holdMillis);
    String trace = call.headers().get("traceparent");
    this.traceparent = trace == null ? "" : trace;
    call.forwarded(this);
  }

  /** Tries the next target, or gives up when there is none. */
  void next(Cause cause) {
    at++;
    if (at >= targets.size()) {
      giveUp();
      return;
    }
    TargetRuntime target = targets.get(at);
    if (reason == null) {
      reason = targets.size() == 1 ? "plain" : "priority[" + at + "]";
    } else {
      reason = "priority[" + at + "] after " + describe(lastFailure);
    }
    cap = -1;
    reserve(target, cause);
  }

  /** Holds the worst case of the target on every budget that matches, or goes on. */
  private void reserve(TargetRuntime target, Cause cause) {
    long output = Accounting.outputBound(call, target, cap);
    long bound = Accounting.bound(call, target, output);
    call.facts().target(target, bound);
    Ask ask = new Ask(bound, InputEstimate.upperBound(call) + output, redirectedBy, "");
    decide(target, cause, bound, engine.budgets().reserve(call.facts(), ask));
  }

  private void decide(TargetRuntime target, Cause cause, long bound, Verdict verdict) {
    switch (verdict) {
      case Verdict.Granted(Reservation hold) -> granted(target, cause, bound, hold);
      case Verdict.Pending(var stage) ->
          stage.whenCompleteAsync(
              (later, failed) -> decide(target, cause, bound, later), call.loop());
      default -> denied(target, cause, bound, verdict);
    }
  }

  private void granted(TargetRuntime target, Cause cause, long bound, Reservation hold) {
    if (call.isEnded()) {
      // The client left while the store was asked.
      hold.cancel();
      return;
    }
    try {
      start(target, cause, bound, hold);
    } catch (GatewayException e) {
      hold.cancel();
      refuse(e);
    }
  }

  private void denied(TargetRuntime target, Cause cause, long bound, Verdict verdict) {
    if (call.isEnded()) {
      return;
    }
    lastRefusal = verdict;
    engine.budgetDenied(verdict);
    if (verdict instanceof Verdict.Denied denied) {
      if (clamp(target, bound, denied)) {
        reserve(target, cause);
        return;
      }
      if (denied.over() instanceof Over.Use use && redirectedBy.isEmpty()) {
        redirect(denied.counter().budget(), use.model());
        return;
      }
    }
    if (BudgetRefusals.isTargetBound(verdict) && at + 1 < targets.size()) {
      next(cause);
    } else {
      engine.refuse(call, BudgetRefusals.of(verdict), BudgetRefusals.rule(verdict));
      answer.close();
    }
  }

  /** Lowers the output cap to what the budget affords; false when it affords too little. */
  private boolean clamp(TargetRuntime target, long bound, Verdict.Denied denied) {
    if (!call.snapshot().config().clamp().isOn()
        || cap >= 0
        || denied.limit().unit() != Limit.Unit.NANO_USD
        || !call.surface().endpoint().isConversation()) {
      return false;
    }
    long output = Accounting.outputBound(call, target, -1);
    long input = Accounting.bound(call, target, 0);
    long room = denied.affordable() - input;
    if (output <= 0 || bound <= input || room <= 0) {
      return false;
    }
    // Per-token cost rounded up, so that the lowered bound never exceeds the room.
    long perToken = (bound - input + output - 1) / output;
    long affordable = room / perToken / OutputCap.answers(call);
    if (affordable < LEAST_CAP) {
      return false;
    }
    cap = affordable;
    return true;
  }

  /** Sends the call to another model because a budget says so; once. */
  private void redirect(String budget, String model) {
    ModelTable.Route route = call.snapshot().models().find(model);
    if (route == null || route.targets().isEmpty()) {
      engine.refuse(call, BudgetRefusals.of(Objects.requireNonNull(lastRefusal)), budget);
      return;
    }
    redirectedBy = budget;
    reason = "budget " + budget;
    targets.clear();
    targets.addAll(route.targets());
    at = 0;
    cap = -1;
    reserve(targets.getFirst(), Cause.REDIRECT);
  }

  private void start(TargetRuntime target, Cause cause, long bound, Reservation hold) {
    Attempt attempt = target.provider().provider().attempt(providerCall(target));
    number++;
    account =
        engine
            .accounting()
            .open(
                call,
                target,
                new LedgerRow.Attempt(call.id(), number, cause),
                reason == null ? "" : reason,
                bound,
                hold);
    AttemptRun started = new AttemptRun(call.context(), target, attempt, call.stream(), this);
    run = started;
    HttpHeaders headers = streamHeaders(started);
    answer.headers(headers);
    if (call.stream()) {
      answer.startHold(headers);
    }
    started.start(target.provider().pickKey(), traceparent);
    if (!call.responder().isWritable()) {
      started.setPaused(true);
    }
  }

  private ProviderCall providerCall(TargetRuntime target) {
    return new ProviderCall(
        call.surface().endpoint(),
        target.target(),
        call.requestBody(),
        call.stream(),
        call.surface().arraySplit(),
        call.headers()::get,
        cap,
        target.set(),
        target.defaults(),
        target.dropUnsupported(),
        target.price().outputLimit(),
        call.model());
  }

  private HttpHeaders streamHeaders(AttemptRun of) {
    HttpHeaders headers =
        ResponseHeaders.of(
            call.dialect(),
            call.idText(),
            call.surface().arraySplit() ? "application/json" : "text/event-stream; charset=utf-8");
    ResponseHeaders.stream(headers);
    common(headers, of);
    return headers;
  }

  private void common(HttpHeaders headers, AttemptRun of) {
    TargetRuntime target = of.target();
    headers.set(ResponseHeaders.MODEL, ResponseHeaders.safe(target.model()));
    headers.set(ResponseHeaders.PROVIDER, target.provider().name());
    headers.set(ResponseHeaders.ROUTE, reason == null ? "plain" : ResponseHeaders.safe(reason));
    headers.set(ResponseHeaders.CACHE, "off");
    headers.set(ResponseHeaders.PRICE_VERSION, target.price().version());
    if (cap >= 0) {
      headers.set(ResponseHeaders.MAX_TOKENS, cap);
    }
    limits(headers);
    List<String> dropped = of.attempt().dropped();
    if (!dropped.isEmpty()) {
      headers.set(ResponseHeaders.DROPPED, ResponseHeaders.safe(String.join(",", dropped)));
    }
  }

  private void limits(HttpHeaders headers) {
    Account opened = account;
    if (opened == null) {
      return;
    }
    long remaining = opened.remainingNanos();
    if (remaining != Long.MAX_VALUE) {
      headers.set(ResponseHeaders.REMAINING, NanoUsd.format(remaining));
    }
    if (call.rates().isEmpty() && opened.rates().isEmpty()) {
      return;
    }
    List<RateState> all = new ArrayList<>(call.rates());
    all.addAll(opened.rates());
    RateHeaders.add(headers, call.dialect(), all, engine.ticker().epochMillis());
  }

  @Override
  public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean content) {
    answer.stream(bytes, content);
  }

  @Override
  public void onReadComplete() {
    answer.flush();
  }

  @Override
  public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary summary) {
    Account.Settled settled =
        requireAccount().settle(attempt.outcome(null, clientGone), Ending.COMPLETED, Waste.NONE);
    return settled.json();
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    run = null;
    answer.end();
    call.answered(200, attempt.target().provider().name(), attempt.target().model());
    call.end(clientGone ? Ending.CLIENT_GONE : Ending.COMPLETED);
  }

  @Override
  public void onAnswer(AttemptRun attempt, Answer whole) {
    run = null;
    Account.Settled settled =
        requireAccount().settle(attempt.outcome(null, clientGone), Ending.COMPLETED, Waste.NONE);
    answer.close();
    HttpHeaders headers = ResponseHeaders.of(call.dialect(), call.idText(), whole.contentType());
    common(headers, attempt);
    headers.set(ResponseHeaders.COST, settled.cost());
    headers.set(ResponseHeaders.SAVED, settled.saved());
    call.responder().reply(200, headers, whole.body());
    call.answered(200, attempt.target().provider().name(), attempt.target().model());
    call.end(clientGone ? Ending.CLIENT_GONE : Ending.COMPLETED);
  }

  @Override
  public void onFailed(AttemptRun attempt, Failure failure) {
    lastFailure = failure;
    engine.setAside(attempt, failure);
    boolean more = !answer.isCommitted() && !clientGone && canGoOn(failure);
    AttemptOutcome outcome = attempt.outcome(failure, clientGone);
    Ending ending = endingOf(failure);
    if (answer.isCommitted()) {
      cutShort(attempt, failure, outcome, ending);
      return;
    }
    requireAccount().settle(outcome, ending, more ? Waste.FALLBACK : Waste.FAILED);
    run = null;
    if (more) {
      answer.discardHeld();
      next(Cause.FALLBACK);
    } else {
      tell(failure);
    }
  }

  private boolean canGoOn(Failure failure) {
    return at + 1 < targets.size()
        && failure.kind() != FailureKind.BAD_REQUEST
        && failure.kind() != FailureKind.CONTENT_POLICY;
  }

  /** The client has seen content: it gets a well-formed error event, never a quiet end. */
  private void cutShort(
      AttemptRun attempt, Failure failure, AttemptOutcome outcome, Ending ending) {
    ByteBuf closing = attempt.closing(null, ClientErrors.message(failure), null);
    requireAccount().settle(outcome, ending, Waste.FAILED);
    run = null;
    if (closing != null) {
      answer.stream(closing, true);
      answer.end();
    } else {
      call.responder().abort();
    }
    call.answered(
        ClientErrors.code(failure).status(),
        attempt.target().provider().name(),
        attempt.target().model());
    call.end(ending);
  }

  private static Ending endingOf(Failure failure) {
    return switch (failure.kind()) {
      case FIRST_BYTE_TIMEOUT, FIRST_TOKEN_TIMEOUT, IDLE_TIMEOUT, TOTAL_TIMEOUT -> Ending.TIMED_OUT;
      default -> Ending.UPSTREAM_FAILED;
    };
  }

  private void giveUp() {
    Failure failure = lastFailure;
    if (failure == null) {
      refuse(
          new GatewayException(
              ErrorCode.NO_HEALTHY_TARGET,
              "No target of the model \"" + call.model() + "\" can be called right now.",
              null,
              1000));
    } else {
      tell(failure);
    }
  }

  /** Tells the client what the provider said, or what the gateway makes of it. */
  private void tell(Failure failure) {
    boolean begun = answer.isBegun();
    answer.close();
    if (begun) {
      // Headers went out before any content: the error can only be an event.
      call.responder().write(ClientErrors.event(call.dialect(), failure, call.idText()));
      call.responder().end();
    } else {
      HttpHeaders headers = ErrorReplies.headers(call.dialect(), call.idText());
      ClientErrors.reply(call, failure, headers);
    }
    engine.refused(call, targets.get(Math.min(at, targets.size() - 1)), failure);
    call.end(endingOf(failure));
  }

  private void refuse(GatewayException why) {
    answer.close();
    engine.refuse(call, why);
  }

  private static String describe(@Nullable Failure failure) {
    if (failure == null) {
      return "refusal";
    }
    return failure.status() > 0 ? Integer.toString(failure.status()) : failure.kind().name();
  }

  private Account requireAccount() {
    Account opened = account;
    if (opened == null) {
      throw new IllegalStateException("no attempt is open");
    }
    return opened;
  }

  @Override
  public void clientGone() {
    clientGone = true;
    AttemptRun stopped = run;
    if (stopped == null) {
      answer.close();
      call.end(Ending.CLIENT_GONE);
      return;
    }
    if (stopped.target().provider().drainOnDisconnect()) {
      return;
    }
    run = null;
    stopped.cancel();
    answer.close();
    requireAccount().settle(stopped.outcome(null, true), Ending.CLIENT_GONE, Waste.ABORTED);
    call.end(Ending.CLIENT_GONE);
  }

  @Override
  public void writabilityChanged(boolean writable) {
    if (run != null) {
      run.setPaused(!writable);
    }
  }
}
