package io.penstock.server.call;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.CacheMode;
import io.penstock.cache.CacheScope;
import io.penstock.cache.ExactCache;
import io.penstock.cache.KeyInput;
import io.penstock.cache.Keying;
import io.penstock.core.ErrorCode;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.providers.translate.Replay;
import io.penstock.server.metrics.CallMetrics;

/**
 * Looks for the call in the exact cache. Comes after permissions and request rates, which hold for
 * hits too; token rates and budgets, which come later, do not.
 */
final class CacheFilter implements Filter<Call> {
  private static final String HEADER = "x-penstock-cache";
  private static final String LAYER = "exact";

  private final ExactCache cache;
  private final CallMetrics metrics;

  CacheFilter(ExactCache cache, CallMetrics metrics) {
    this.cache = cache;
    this.metrics = metrics;
  }

  @Override
  public Step apply(Call call) {
    if (!Replay.serves(call.surface().endpoint())) {
      return Step.next();
    }
    CacheMode mode = CacheMode.parse(call.headers().get(HEADER));
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    if (route == null || mode == CacheMode.OFF) {
      return Step.next();
    }
    if (call.isRoutedByHeader()) {
      // The key names the model that was asked for, and another one answers.
      return bypassed(mode);
    }
    CacheRules.Rule rule = call.snapshot().cache().match(call.facts());
    if (rule == null) {
      return bypassed(mode);
    }
    CacheScope scope = CacheScope.of(rule.scope(), call.principal());
    String name = Snapshot.patternOf(route);
    KeyInput input =
        new KeyInput(
            scope,
            call.surface().endpoint(),
            call.model(),
            call.snapshot().cache().fingerprint(name));
    if (!(CacheKeys.of(input, call.bytes()) instanceof Keying.Keyed keyed)) {
      metrics.cacheRequest(LAYER, "bypass");
      return bypassed(mode);
    }
    call.route(name);
    return look(
        call,
        rule,
        mode,
        new CacheEntry.Identity(keyed.key(), scope, input.endpoint(), input.model()));
  }

  private Step look(Call call, CacheRules.Rule rule, CacheMode mode, CacheEntry.Identity identity) {
    CacheEntry found =
        mode.reads() ? cache.local(identity.key(), identity.scope(), rule.ttlMillis()) : null;
    if (found != null) {
      metrics.cacheRequest(LAYER, "hit");
      call.cached(found);
      return Step.next();
    }
    metrics.cacheRequest(LAYER, mode.reads() ? "miss" : "refresh");
    call.cacheOutcome(CacheOutcome.MISS);
    if (!mode.stores()) {
      return bypassed(mode);
    }
    return Step.await(
        cache.ticket(identity.key(), identity.scope()),
        ticket -> {
          call.toStore(new CacheAsk(identity, rule.ttlMillis(), ticket));
          return Step.next();
        });
  }

  /** Goes upstream, unless the client wants a hit or nothing. */
  private static Step bypassed(CacheMode mode) {
    if (mode == CacheMode.ONLY) {
      throw new GatewayException(
          ErrorCode.CACHE_MISS,
          "No stored answer fits this request, and X-Penstock-Cache: only forbids to make one.");
    }
    return Step.next();
  }
}
