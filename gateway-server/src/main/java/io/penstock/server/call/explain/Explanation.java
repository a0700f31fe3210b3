package io.penstock.server.call.explain;

import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.cache.CacheMode;
import io.penstock.core.GatewayException;
import io.penstock.core.identity.Principal;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.Call;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.cache.CacheOnlyFilter;
import io.penstock.server.call.cache.CacheOutlook;
import io.penstock.server.call.filter.FilterChain;
import io.penstock.server.call.reply.BudgetRefusals;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.call.serve.Engine;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What would happen to one call that is not made, as JSON-like maps: the filters, the planner and
 * the budgets are asked as they would be for the call itself, and what they hold is given back at
 * once. Made once, on the call's loop.
 */
final class Explanation {
  private final Engine engine;
  private final CacheOutlook outlook;
  private final Call call;
  private final Heard heard;
  private final Map<String, @Nullable Object> said = new LinkedHashMap<>();

  /**
   * Creates one.
   *
   * @param heard what stores have said; when one has not, the explanation must be made again
   */
  Explanation(Engine engine, CacheOutlook outlook, Call call, Heard heard) {
    this.engine = engine;
    this.outlook = outlook;
    this.call = call;
    this.heard = heard;
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
    FilterChain.FIRST.forEach(filter -> filter.apply(call));
    who();
    call.facts().budgets(name -> engine.budgets().used(name, call.facts()));
    Verdict rates = engine.budgets().admit(call.facts());
    said.put("rates", Trial.rates(giveBack(rates)));
    if (isRefusal(rates)) {
      throw BudgetRefusals.of(rates);
    }
    if (!heard.knowsSpent(() -> engine.budgets().read(name -> true, call.facts()))) {
      return;
    }
    // Each time: the cache is asked once, but what the call wants of it is looked at again below.
    call.inCache().mode(CacheMode.parse(call.headers().get(RequestHeaders.CACHE)));
    String cache = heard.cache(() -> outlook.of(call));
    if (cache == null) {
      return;
    }
    said.put("cache", cache);
    Map<String, String> bypassed = CacheOutlook.bypassed(call);
    if (!bypassed.isEmpty()) {
      said.put("cache_bypassed", bypassed);
    }
    if (CacheOutlook.answers(cache)) {
      // A hit holds nothing on any budget and asks no target.
      said.put("outcome", "cache");
      said.put("why", "cache");
    } else if (call.cacheMode() == CacheMode.ONLY) {
      throw CacheOnlyFilter.miss();
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
    new Trial(call, engine, heard).run(route, said);
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
