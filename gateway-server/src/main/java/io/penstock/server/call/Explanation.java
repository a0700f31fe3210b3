package io.penstock.server.call;

import io.penstock.budget.Ask;
import io.penstock.budget.Charge;
import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Condition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What would happen to one call that is not made, as JSON-like maps: the filters, the planner and
 * the budgets are asked as they would be for the call itself, and what they hold is given back at
 * once. Made once, on the call's loop.
 */
final class Explanation {
  private static final int MOST_CANDIDATES = 50;
  private static final List<Filter<Call>> FILTERS =
      List.of(new PeekFilter(), new ContextFilter(), new PermissionFilter());

  private final Engine engine;
  private final Call call;
  private final Map<String, @Nullable Object> said = new LinkedHashMap<>();

  Explanation(Engine engine, Call call) {
    this.engine = engine;
    this.call = call;
  }

  /** Decides as for a call, a refusal included. */
  Map<String, @Nullable Object> make() {
    try {
      decide();
    } catch (GatewayException e) {
      said.put("outcome", "refused");
      said.put("status", e.code().status());
      said.put("code", e.code().code());
      said.put("why", e.message());
    }
    return said;
  }

  private void decide() {
    FILTERS.forEach(filter -> filter.apply(call));
    who();
    call.facts().budgets(name -> engine.budgets().used(name, call.facts()));
    Verdict rates = engine.budgets().admit(call.facts());
    said.put("rates", rates(giveBack(rates)));
    if (isRefusal(rates)) {
      throw BudgetRefusals.of(rates);
    }
    String cache = engine.cacheSays(call);
    said.put("cache", cache);
    if (cache.equals(CacheFilter.HIT)) {
      // A hit holds nothing on any budget and asks no target.
      said.put("outcome", "cache");
      said.put("why", "cache");
    } else {
      route();
    }
  }

  private void who() {
    Principal who = call.principal();
    said.put("key", who.key());
    said.put("team", who.team());
    said.put("app", who.app());
    said.put("user", who.user());
    said.put("metadata", call.caller().metadata());
    said.put("model", call.model());
    said.put("tokens", call.facts().tokens());
  }

  private void route() {
    Snapshot now = call.snapshot();
    RouteTable.Found route = now.routes().find(call.routedModel());
    if (route == null) {
      throw Refusals.unknownModel(call.routedModel(), now.routes().names());
    }
    CallSurroundings around = new CallSurroundings(call, CallSurroundings.Scored.UNHEARD);
    Plan plan = now.planner().plan(route, call.facts(), around, call.tally().startNanos());
    List<Object> candidates = new ArrayList<>();
    Verdict refusal = null;
    Candidate chosen = null;
    Candidate next = plan.next("");
    while (next != null && candidates.size() < MOST_CANDIDATES) {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      Verdict verdict = consider(next, around, json);
      candidates.add(json);
      if (verdict != null && isRefusal(verdict)) {
        refusal = refusal == null ? verdict : refusal;
      } else if (chosen == null && verdict != null) {
        chosen = next;
      }
      next = plan.next("");
    }
    said.put("candidates", candidates);
    said.put("skipped", plan.skipped());
    if (chosen == null) {
      throw refusal != null ? BudgetRefusals.of(refusal) : around.nothingFits(plan.skipped());
    }
    said.put("outcome", "call");
    said.put("target", chosen.target());
    said.put("why", chosen.reason());
  }

  /** Asks the budgets about one target; returns null when the target is not configured. */
  private @Nullable Verdict consider(
      Candidate candidate, CallSurroundings around, Map<String, @Nullable Object> json) {
    TargetRuntime target = call.snapshot().targets().find(candidate);
    if (target == null) {
      return null;
    }
    long output = Accounting.outputBound(call, target, -1);
    long bound = Accounting.bound(call, target, output);
    call.facts().target(target, bound);
    Ask ask = Ask.of(bound, Accounting.tokenBound(call, target, output));
    Verdict verdict = engine.budgets().reserve(call.facts(), ask);
    Reservation held = giveBack(verdict);
    json.put("target", candidate.target());
    json.put("why", candidate.reason());
    Condition accept = candidate.spec().accept();
    if (!accept.equals(Condition.ALWAYS)) {
      json.put("accept", accept.text());
      json.put("stream", candidate.spec().optimistic() ? "optimistic" : "hold");
    }
    long expected =
        around.expectedCost(
            candidate.target(), 0, engine.routing().health().expectedOutput(candidate.target()));
    json.put("expected_usd", expected < 0 ? null : NanoUsd.format(expected));
    json.put("worst_case_usd", NanoUsd.format(bound));
    json.put("budgets", budgets(held));
    if (held != null && held.remainingNanos() != Long.MAX_VALUE) {
      json.put("budget_remaining_usd", NanoUsd.format(held.remainingNanos()));
    }
    json.put("rates", rates(held));
    json.put("refused", isRefusal(verdict) ? BudgetRefusals.of(verdict).message() : null);
    return verdict;
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

  private static List<Object> rates(@Nullable Reservation held) {
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

  private static boolean isRefusal(Verdict verdict) {
    return !(verdict instanceof Verdict.Granted) && !(verdict instanceof Verdict.Pending);
  }

  /** Gives back what was held, at once or when the store has answered. */
  private static @Nullable Reservation giveBack(Verdict verdict) {
    if (verdict instanceof Verdict.Granted(Reservation held)) {
      held.cancel();
      return held;
    }
    if (verdict instanceof Verdict.Pending(var stage)) {
      stage.thenAccept(Explanation::giveBack);
    }
    return null;
  }
}
