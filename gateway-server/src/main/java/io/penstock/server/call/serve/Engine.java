package io.penstock.server.call.serve;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.FastThreadLocal;
import io.penstock.budget.Budgets;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.Ticker;
import io.penstock.core.identity.Principal;
import io.penstock.server.call.Call;
import io.penstock.server.call.Load;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.Tally;
import io.penstock.server.call.accounting.Accounting;
import io.penstock.server.call.accounting.LearnedOutput;
import io.penstock.server.call.reply.BudgetRefusals;
import io.penstock.server.call.reply.ErrorReplies;
import io.penstock.server.call.reply.RateHeaders;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.content.ContentKeeper;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.Routing;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.telemetry.ExchangeEnd;
import io.penstock.server.telemetry.Telemetry;
import io.penstock.server.tokens.TokenCounter;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What all calls share: the snapshot, the books. Thread-safe; a call's part of it runs on the
 * call's loop.
 */
public final class Engine {
  private final Shared shared;
  private final Load load;
  private final Accounting accounting;
  private final CallMetrics metrics;
  private final LearnedOutput learnedOutput = new LearnedOutput();
  private final @Nullable Telemetry telemetry;
  private final SemanticDesk desk;
  private final FastThreadLocal<LoopContext> loops;
  private final Function<EventLoop, LoopContext> contexts;

  /**
   * Creates the engine.
   *
   * @param contexts makes what belongs to a loop, on that loop, once
   */
  public Engine(
      Shared shared,
      Load load,
      TokenCounter counter,
      CallMetrics metrics,
      Telemetry telemetry,
      Function<EventLoop, LoopContext> contexts) {
    this.shared = shared;
    this.telemetry = telemetry.traces() ? telemetry : null;
    this.load = load;
    this.metrics = metrics;
    this.accounting = new Accounting(shared.ticker(), counter, metrics);
    this.desk = new SemanticDesk(shared.semantic(), metrics, shared.ticker());
    this.contexts = contexts;
    this.loops = new FastThreadLocal<>();
  }

  public LoopContext loop(EventLoop loop) {
    LoopContext known = loops.get();
    if (known == null) {
      known = contexts.apply(loop);
      loops.set(known);
    }
    return known;
  }

  /** Returns the configuration that new requests start with. */
  public Snapshot snapshot() {
    return shared.snapshot().get();
  }

  /** Returns what keeps prompts and answers; null where they are not kept. */
  public @Nullable ContentKeeper content() {
    return shared.content();
  }

  /** Returns what the process holds. */
  public Load load() {
    return load;
  }

  public Ticker ticker() {
    return shared.ticker();
  }

  public Budgets budgets() {
    return shared.budgets();
  }

  public Routing routing() {
    return shared.routing();
  }

  StoredResponses responses() {
    return shared.responses();
  }

  /** Returns what all calls share and a reload acts on. */
  public Shared shared() {
    return shared;
  }

  /** Returns what takes answers from upstream for the semantic layer. */
  public SemanticDesk desk() {
    return desk;
  }

  /** Returns what keeps the answer of a call that goes upstream. */
  AnswerKeeper keeper(Call call) {
    return new AnswerKeeper(call, shared.cache(), desk, shared.ticker());
  }

  /** Counts what a budget or rate refused. */
  void budgetDenied(Verdict verdict) {
    String rule = BudgetRefusals.rule(verdict);
    if (verdict instanceof Verdict.Denied) {
      metrics.budgetDenied(rule);
    } else if (!rule.isEmpty()) {
      metrics.rateLimited(rule);
    }
  }

  public Accounting accounting() {
    return accounting;
  }

  /** Answers a call with a refusal and ends it; it leaves a row of cost 0 and a counter. */
  public void refuse(Call call, GatewayException why) {
    refuse(call, why, why.code().code());
  }

  /** Does the same for what a budget or rate does not allow. */
  public void refuse(Call call, Verdict verdict) {
    BudgetRefusals.note(call, verdict);
    budgetDenied(verdict);
    refuse(call, BudgetRefusals.of(verdict), BudgetRefusals.rule(verdict));
  }

  /** Does the same, naming the rule that refused. */
  void refuse(Call call, GatewayException why, String rule) {
    try {
      tell(call, why);
      accounting.refusal(call, why.code().status(), why.code().code(), rule);
    } finally {
      // Whatever fails above: what the call holds is given back.
      call.tally().answered(why.code().status(), "", "");
      call.end(Ending.REJECTED);
    }
  }

  /** Does the same for a call of which attempts have rows: there is none of its own. */
  void giveUp(Call call, GatewayException why, TargetRuntime asked) {
    try {
      tell(call, why);
    } finally {
      call.tally().answered(why.code().status(), asked.provider().name(), asked.shownModel());
      call.end(Ending.UPSTREAM_FAILED);
    }
  }

  private void tell(Call call, GatewayException why) {
    boolean told = false;
    try {
      HttpHeaders headers = ErrorReplies.headers(call.dialect(), call.idText());
      RateHeaders.add(headers, call.dialect(), call.rates(), budgets().storeNow());
      ErrorReplies.reply(call.responder(), call.dialect(), call.idText(), why, headers);
      told = true;
    } finally {
      // Whatever fails above: the client does not wait.
      if (!told) {
        call.responder().abort();
      }
    }
  }

  /**
   * Ends a call with which nothing is under way: a refusal is told as it is, of anything else the
   * log has the cause.
   */
  public void fail(Call call, Throwable why) {
    GatewayException told = Refusals.told(call, why);
    if (!call.isEnded()) {
      refuse(call, told);
    }
  }

  LearnedOutput learnedOutput() {
    return learnedOutput;
  }

  public void ended(Call call, Ending ending) {
    Tally tally = call.tally();
    long now = System.nanoTime();
    long nanos = now - tally.startNanos();
    int status = call.isClientGone() ? 499 : tally.status();
    metrics.request(
        call.surface().endpoint().label(),
        tally.answeredModel(),
        tally.answeredProvider(),
        call.principal().team(),
        status,
        nanos,
        tally.overheadNanos(now));
    if (telemetry != null) {
      telemetry.ended(
          new ExchangeEnd(
              call.id(),
              call.headers().get(RequestHeaders.TRACEPARENT),
              call.startMillis(),
              nanos,
              call.surface().endpoint().label(),
              call.model(),
              call.destination().route(),
              status));
    }
  }

  /**
   * Returns what the provider gets as {@code traceparent}: an attempt's own, when it has a span.
   */
  String traceparent(Call call, int attempt) {
    String received = call.headers().get(RequestHeaders.TRACEPARENT);
    return telemetry == null
        ? received == null ? "" : received
        : Telemetry.traceparent(call.id(), received, attempt);
  }

  public void refusedEarly(
      LoopContext context,
      UUID id,
      @Nullable Endpoint endpoint,
      String asked,
      @Nullable Principal principal,
      GatewayException why) {
    int status = why.code().status();
    String label = endpoint == null ? "" : endpoint.label();
    metrics.refusedEarly(label, principal == null ? "" : principal.team(), status);
    accounting.refusedEarly(context, id, label, asked, principal, why);
  }
}
