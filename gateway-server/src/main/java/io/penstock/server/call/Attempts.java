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
import io.penstock.core.GatewayException;
import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.price.Usage;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
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
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
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

  /** How long a provider's prompt cache stays warm: 5 minutes at OpenAI and Anthropic. */
  private static final long WARM_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final Call call;
  private final Engine engine;
  private final CallSurroundings around;
  private final ClientAnswer answer;
  private final String traceparent;
  private final AnswerKeeper keeper;
  private Plan plan;
  private @Nullable Candidate candidate;
  private @Nullable TargetRuntime target;
  private int retries;
  private @Nullable ScheduledFuture<?> timer;
  private int number;
  private @Nullable AttemptRun run;
  private @Nullable Account account;
  private @Nullable Failure lastFailure;
  private String reason = "";
  private @Nullable Verdict lastRefusal;
  private String redirectedBy = "";
  private long cap = -1;
  private boolean diverted;
  private boolean clientGone;

  Attempts(Call call, Engine engine, Plan plan, CallSurroundings around) {
    this.call = call;
    this.engine = engine;
    this.plan = plan;
    this.around = around;
    this.answer = new ClientAnswer(call, TimeUnit.NANOSECONDS.toMillis(plan.options().holdNanos()));
    String trace = call.headers().get("traceparent");
    this.traceparent = trace == null ? "" : trace;
    this.keeper = engine.keeper(call);
    call.forwarded(this);
  }

  /**
   * Tries the next target, or gives up when there is none.
   *
   * @param after why the last one did not do, "" at first
   */
  void next(Cause cause, String after) {
    diverted = !after.isEmpty() || !redirectedBy.isEmpty();
    Candidate found = plan.next(after);
    while (found != null && !engine.routing().health().tryStart(found.target())) {
      diverted = true;
      found = plan.next(after.isEmpty() ? "breaker" : after);
    }
    TargetRuntime to = found == null ? null : call.snapshot().targets().find(found);
    if (found == null || to == null) {
      giveUp();
      return;
    }
    candidate = found;
    target = to;
    retries = 0;
    cap = -1;
    String why = call.isRoutedByHeader() ? "header, " + found.reason() : found.reason();
    reason = redirectedBy.isEmpty() ? why : "budget " + redirectedBy;
    engine.routing().retries(to.provider()).onCall();
    reserve(to, cause);
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
    engine.routing().health().onAbandoned(target.label());
    if (BudgetRefusals.isTargetBound(verdict) && plan.hasNext()) {
      next(cause, BudgetRefusals.rule(verdict));
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
    RouteTable.Found route = call.snapshot().routes().find(model);
    if (route == null) {
      engine.refuse(call, BudgetRefusals.of(Objects.requireNonNull(lastRefusal)), budget);
      return;
    }
    redirectedBy = budget;
    plan =
        call.snapshot()
            .planner()
            .plan(route, call.facts(), around, ThreadLocalRandom.current().nextLong());
    next(Cause.REDIRECT, "");
  }

  private void start(TargetRuntime target, Cause cause, long bound, Reservation hold) {
    Attempt attempt = target.provider().provider().attempt(providerCall(target));
    number++;
    account =
        engine
            .accounting()
            .open(
                call, target, new LedgerRow.Attempt(call.id(), number, cause), reason, bound, hold);
    AttemptRun started = new AttemptRun(call.context(), target, attempt, call.stream(), this);
    run = started;
    keeper.begin(diverted);
    HttpHeaders headers = streamHeaders(started);
    answer.headers(headers);
    if (call.stream()) {
      answer.startHold(headers);
    }
    firstTokenTimer(started);
    started.start(target.provider().pickKey(), traceparent);
    if (!call.responder().isWritable()) {
      started.setPaused(true);
    }
  }

  private void firstTokenTimer(AttemptRun started) {
    Candidate of = candidate;
    long limit = of == null ? 0 : of.options().firstTokenNanos();
    if (limit > 0 && call.stream()) {
      timer =
          call.loop()
              .schedule(
                  () ->
                      started.timeOutFirstToken(
                          "no first token within " + TimeUnit.NANOSECONDS.toMillis(limit) + " ms"),
                  limit,
                  TimeUnit.NANOSECONDS);
    }
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
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
    headers.set(ResponseHeaders.ROUTE, ResponseHeaders.safe(reason));
    headers.set(ResponseHeaders.CACHE, call.cacheOutcome() == CacheOutcome.MISS ? "miss" : "off");
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
    if (content && !answer.isCommitted()) {
      cancelTimer();
      engine
          .routing()
          .health()
          .onFirstToken(attempt.target().label(), System.nanoTime() - attempt.startNanos());
    }
    keeper.take(bytes);
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
    keeper.settled(attempt.target(), summary.usage(), settled.costNanos());
    succeeded(attempt, summary);
    return settled.json();
  }

  private void succeeded(AttemptRun attempt, AnswerSummary summary) {
    cancelTimer();
    Usage usage = summary.usage();
    engine.routing().health().onSuccess(attempt.target().label(), usage.outputTokens());
    long warm = usage.of(Meter.CACHE_READ) + usage.of(Meter.CACHE_WRITE);
    plan.answered("", warm, warm > 0 ? WARM_NANOS : 0);
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    run = null;
    keeper.streamEnded(attempt.status());
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
    keeper.settled(attempt.target(), whole.summary().usage(), settled.costNanos());
    keeper.whole(attempt.status(), whole.body());
    call.responder().reply(200, headers, whole.body());
    call.answered(200, attempt.target().provider().name(), attempt.target().model());
    call.end(clientGone ? Ending.CLIENT_GONE : Ending.COMPLETED);
  }

  @Override
  public void onFailed(AttemptRun attempt, Failure failure) {
    cancelTimer();
    lastFailure = failure;
    TargetRuntime of = attempt.target();
    engine.setAside(attempt, failure);
    boolean otherKey = attempt.key() != null && of.provider().keys().hasOther(attempt.key());
    if (!otherKey) {
      engine.routing().health().onFailure(of.label(), failure.kind(), failure.retryAfterMillis());
    }
    AttemptOutcome outcome = attempt.outcome(failure, clientGone);
    if (answer.isCommitted()) {
      cutShort(attempt, failure, outcome, endingOf(failure));
      return;
    }
    run = null;
    goOn(of, failure, outcome, otherKey);
  }

  /** Retries, goes on to the next target or tells the client, as the policy says. */
  private void goOn(TargetRuntime of, Failure failure, AttemptOutcome outcome, boolean otherKey) {
    Ending ending = endingOf(failure);
    Candidate tried = candidate;
    if (clientGone || tried == null) {
      requireAccount().settle(outcome, ending, Waste.FAILED);
      tell(failure);
      return;
    }
    AttemptPolicy policy = of.provider().retries();
    if (tried.spec().retries() >= 0) {
      policy =
          new AttemptPolicy(
              tried.spec().retries(), policy.backoffMillis(), policy.maxBackoffMillis());
    }
    long spent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - call.startNanos());
    AttemptPolicy.Decision decision =
        policy.decide(
            new AttemptPolicy.Failed(failure.kind(), failure.status(), failure.retryAfterMillis()),
            new AttemptPolicy.Standing(
                retries,
                false,
                plan.hasNext(),
                otherKey,
                false,
                of.provider().timeouts().total() - spent),
            tried.options(),
            plan.options().resume(),
            engine.routing().retries(of.provider()),
            ThreadLocalRandom.current());
    answer.discardHeld();
    switch (decision) {
      case AttemptPolicy.Retry retry -> {
        requireAccount().settle(outcome, ending, Waste.RETRY);
        retries += retry.otherKey() ? 0 : 1;
        timer = call.loop().schedule(() -> again(of), retry.waitMillis(), TimeUnit.MILLISECONDS);
      }
      case AttemptPolicy.Next other -> {
        requireAccount().settle(outcome, ending, Waste.FALLBACK);
        next(Cause.FALLBACK, other.why());
      }
      case AttemptPolicy.GiveUp up -> {
        requireAccount().settle(outcome, ending, Waste.FAILED);
        tell(failure);
      }
    }
  }

  private void again(TargetRuntime of) {
    timer = null;
    if (!call.isEnded()) {
      reserve(of, Cause.RETRY);
    }
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
    if (failure != null) {
      tell(failure);
    } else if (lastRefusal != null) {
      engine.refuse(call, BudgetRefusals.of(lastRefusal), BudgetRefusals.rule(lastRefusal));
      answer.close();
    } else {
      refuse(around.nothingFits(plan.skipped()));
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
    engine.refused(call, Objects.requireNonNull(target), failure);
    call.end(endingOf(failure));
  }

  private void refuse(GatewayException why) {
    answer.close();
    engine.refuse(call, why);
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
    cancelTimer();
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
    engine.routing().health().onAbandoned(stopped.target().label());
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
