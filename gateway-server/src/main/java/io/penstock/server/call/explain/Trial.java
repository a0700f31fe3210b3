package io.penstock.server.call.explain;

import io.penstock.budget.Charge;
import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.GatewayException;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Condition;
import io.penstock.server.call.Call;
import io.penstock.server.call.accounting.OutputCap;
import io.penstock.server.call.accounting.WorstCase;
import io.penstock.server.call.reply.BudgetRefusals;
import io.penstock.server.call.serve.Aim;
import io.penstock.server.call.serve.CallSurroundings;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.call.serve.Holding;
import io.penstock.server.targets.TargetRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the targets of a call that is not made as {@code Attempts} would, and tells what the
 * budgets say of each; what they hold is given back at once. What comes after the one that wins is
 * told as well: it is what a failure would lead to. Confined to the call's loop.
 */
final class Trial {
  private static final int MOST_CANDIDATES = 50;

  private final Call call;
  private final Engine engine;
  private final CallSurroundings around;
  private final Heard heard;
  private final List<Object> candidates = new ArrayList<>();
  private final List<Plan.Skipped> skipped = new ArrayList<>();
  private String redirectedBy = "";
  private String after = "";
  private @Nullable Candidate chosen;
  private @Nullable GatewayException refusal;

  /** Of the budget that sent the call elsewhere: what the client hears when one refuses there. */
  private @Nullable GatewayException redirection;

  private boolean decided;

  /**
   * Creates a trial.
   *
   * @param heard what budgets have said of a target, or will when their store has answered: to be
   *     waited for before the call is tried again
   */
  Trial(Call call, Engine engine, Heard heard) {
    this.call = call;
    this.engine = engine;
    this.heard = heard;
    this.around = new CallSurroundings(call, CallSurroundings.Scored.UNHEARD);
  }

  /**
   * Tells the decision.
   *
   * @throws GatewayException what the call would be refused with
   */
  void run(RouteTable.Found route, Map<String, @Nullable Object> said) {
    said.put("candidates", candidates);
    said.put("skipped", skipped);
    Plan plan = walk(route);
    Candidate winner = chosen;
    GatewayException refused = refusal;
    if (winner == null) {
      throw refused == null ? around.nothingFits(plan) : refused;
    }
    said.put("outcome", "call");
    said.put("target", winner.target());
    said.put("why", Aim.reason(call, winner, redirectedBy));
  }

  /** Returns the plan that the last target is from. */
  private Plan walk(RouteTable.Found route) {
    Plan plan =
        call.snapshot().planner().plan(route, call.facts(), around, call.tally().startNanos());
    Candidate next = plan.next("");
    while (next != null && candidates.size() < MOST_CANDIDATES) {
      Holding.Redirected elsewhere = consider(next);
      if (elsewhere != null) {
        skipped.addAll(plan.skipped());
        redirectedBy = elsewhere.budget();
        return walk(elsewhere.to());
      }
      next = plan.next(decided ? "" : after);
    }
    skipped.addAll(plan.skipped());
    return plan;
  }

  /** Tells of one target; returns where its budget sends the call instead, or null. */
  private Holding.@Nullable Redirected consider(Candidate candidate) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    candidates.add(json);
    // What is not configured the plan has passed over.
    TargetRuntime target =
        Objects.requireNonNull(call.snapshot().targets().find(candidate), candidate.target());
    json.put("target", candidate.target());
    json.put("why", Aim.reason(call, candidate, redirectedBy));
    Condition accept = candidate.spec().accept();
    if (!accept.equals(Condition.ALWAYS)) {
      json.put("accept", accept.text());
      json.put("stream", candidate.spec().optimistic() ? "optimistic" : "hold");
    }
    long expected =
        around.expectedCost(
            candidate.target(), 0, engine.routing().health().expectedOutput(candidate.target()));
    json.put("expected_usd", expected < 0 ? null : NanoUsd.format(expected));
    Holding.Outcome outcome = ask(candidate, target);
    long cap = outcome instanceof Holding.Granted granted ? granted.cap() : -1;
    long bound = WorstCase.of(call, target, OutputCap.most(call, target, cap)).nanos();
    json.put("worst_case_usd", NanoUsd.format(bound));
    if (cap >= 0) {
      json.put("max_tokens", cap);
    }
    return tell(candidate, outcome, json);
  }

  /** Returns what the budgets say; null while their store has not answered. */
  private Holding.@Nullable Outcome ask(Candidate candidate, TargetRuntime target) {
    return heard.budgets(candidate.target() + ' ' + redirectedBy, () -> asked(target));
  }

  private CompletableFuture<Holding.Outcome> asked(TargetRuntime target) {
    CompletableFuture<Holding.Outcome> asked = new CompletableFuture<>();
    Holding.take(
        call,
        engine,
        target,
        new Holding.Way(-1, redirectedBy, true),
        outcome -> {
          if (outcome instanceof Holding.Granted granted) {
            granted.reservation().cancel();
          }
          asked.complete(outcome);
        });
    return asked;
  }

  private Holding.@Nullable Redirected tell(
      Candidate candidate, Holding.@Nullable Outcome outcome, Map<String, @Nullable Object> json) {
    Reservation held = outcome instanceof Holding.Granted granted ? granted.reservation() : null;
    json.put("budgets", budgets(held));
    if (held != null && held.remainingNanos() != Long.MAX_VALUE) {
      json.put("budget_remaining_usd", NanoUsd.format(held.remainingNanos()));
    }
    json.put("rates", rates(held));
    Verdict denial = outcome instanceof Holding.Denied denied ? denied.verdict() : null;
    GatewayException why = denial == null ? null : BudgetRefusals.of(denial);
    json.put("refused", why == null ? null : why.message());
    if (decided) {
      return null;
    }
    if (denial == null) {
      chosen = candidate;
      decided = true;
      return null;
    }
    boolean second = redirection != null && denial instanceof Verdict.Denied;
    refusal = second ? redirection : why;
    if (outcome instanceof Holding.Redirected elsewhere) {
      redirection = why;
      json.put("redirect", elsewhere.to().name());
      return elsewhere;
    }
    after = BudgetRefusals.rule(denial);
    decided = !BudgetRefusals.isTargetBound(denial);
    return null;
  }

  private List<Object> budgets(@Nullable Reservation held) {
    List<Object> budgets = new ArrayList<>();
    for (Charge hold : held == null ? List.<Charge>of() : held.holds()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("budget", hold.counter().budget());
      json.put("subject", hold.counter().subject());
      json.put("used_share", engine.budgets().used(hold.counter().budget(), call.facts()));
      budgets.add(json);
    }
    return budgets;
  }

  /** Returns what is left of the rates that a call counts towards. */
  static List<Object> rates(@Nullable Reservation held) {
    List<Object> rates = new ArrayList<>();
    for (RateState state : held == null ? List.<RateState>of() : held.rates()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("rate", state.name());
      json.put("subject", state.subject());
      json.put("counts", state.tokens() ? "tokens" : "requests");
      json.put("limit", state.limit());
      json.put("remaining", state.remaining());
      rates.add(json);
    }
    return rates;
  }
}
