package io.penstock.server.call.cache;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.CacheMode;
import io.penstock.cache.CacheScope;
import io.penstock.cache.ExactCache;
import io.penstock.cache.KeyInput;
import io.penstock.cache.Keying;
import io.penstock.core.Dialect;
import io.penstock.core.Filter;
import io.penstock.core.Step;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.providers.translate.Replay;
import io.penstock.server.call.CacheAsk;
import io.penstock.server.call.CacheLook;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.CacheRules;
import io.penstock.server.call.Call;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.Snapshot;
import io.penstock.server.metrics.CallMetrics;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the call in the exact cache: in this process, then in Redis. Comes after permissions
 * and request rates, which hold for hits too; token rates and budgets, which come later, do not.
 * The layers that follow are filters of their own: each looks only at calls with a {@link
 * CacheLook} that have no answer yet.
 */
public final class CacheFilter implements Filter<Call> {
  static final String LAYER = "exact";

  private final ExactCache cache;
  private final CallMetrics metrics;

  public CacheFilter(ExactCache cache, CallMetrics metrics) {
    this.cache = cache;
    this.metrics = metrics;
  }

  @Override
  public Step apply(Call call) {
    CacheMode mode = CacheMode.parse(call.headers().get(RequestHeaders.CACHE));
    if (mode != CacheMode.USE) {
      call.inCache().mode(mode);
    }
    CacheLook look = mode == CacheMode.OFF ? null : look(call, mode, true);
    if (look == null) {
      return Step.next();
    }
    call.inCache().look(look);
    CacheEntry.Identity identity = look.identity();
    if (!mode.reads()) {
      return Step.await(
          cache.ticket(identity.key(), identity.scope()),
          ticket -> missed(call, look, new ExactCache.Lookup(null, ticket)));
    }
    CacheEntry found = cache.local(identity.key(), identity.scope(), look.rule().ttlMillis());
    return found != null
        ? hit(call, found)
        : Step.await(
            cache.shared(identity.key(), identity.scope(), look.rule().ttlMillis()),
            lookup -> {
              CacheEntry shared = lookup.entry();
              return shared != null ? hit(call, shared) : missed(call, look, lookup);
            });
  }

  /**
   * Returns what to look for, or null when no rule holds for this call or it has no key.
   *
   * @param counted whether a call without a key is counted
   */
  private @Nullable CacheLook look(Call call, CacheMode mode, boolean counted) {
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    CacheRules.Rule rule = route == null ? null : rule(call);
    if (route == null || rule == null) {
      return null;
    }
    CacheScope scope = CacheScope.of(rule.scope(), call.principal());
    String name = Snapshot.patternOf(route);
    KeyInput input = keyInput(call, scope, name);
    if (!(CacheKeys.of(input, call.requestBody()) instanceof Keying.Keyed keyed)) {
      if (counted) {
        metrics.cacheRequest(LAYER, "bypass");
      }
      return null;
    }
    call.destination().route(name);
    return new CacheLook(
        mode, rule, new CacheEntry.Identity(keyed.key(), scope, input.endpoint(), input.model()));
  }

  /**
   * Returns what a key is made of besides the body. The version and the betas that Anthropic's
   * clients ask for go upstream and change the answer, so they are part of it.
   */
  static KeyInput keyInput(Call call, CacheScope scope, String route) {
    String made = call.snapshot().cache().fingerprint(route, call.facts());
    if (call.dialect() == Dialect.ANTHROPIC) {
      made +=
          "\n"
              + call.headers().get(RequestHeaders.ANTHROPIC_VERSION)
              + "\n"
              + RequestHeaders.betas(call.headers());
    }
    return new KeyInput(scope, call.surface().endpoint(), call.model(), made);
  }

  private static CacheRules.@Nullable Rule rule(Call call) {
    // With X-Penstock-Route the key would name the model asked for, and another one answers.
    return call.snapshot().cache().rules().isEmpty()
            || !Replay.serves(call.surface().endpoint())
            || call.destination().isNamed()
        ? null
        : call.snapshot().cache().match(call.facts());
  }

  /** Says why a call for which there is a rule has no key; null when it has one. */
  static @Nullable String bypass(Call call) {
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    CacheRules.Rule rule = route == null ? null : rule(call);
    if (route == null || rule == null) {
      return null;
    }
    CacheScope scope = CacheScope.of(rule.scope(), call.principal());
    KeyInput input = keyInput(call, scope, Snapshot.patternOf(route));
    return CacheKeys.of(input, call.requestBody()) instanceof Keying.Bypassed bypassed
        ? bypassed.reason().label()
        : null;
  }

  /** Says what this layer would do for a call that is not made: hit, miss or off. */
  CompletionStage<String> says(Call call) {
    CacheMode mode = call.cacheMode();
    CacheLook look = mode == CacheMode.OFF ? null : look(call, mode, false);
    if (look == null || !mode.reads()) {
      return CacheOutlook.known(look == null ? CacheOutlook.OFF : CacheOutlook.MISS);
    }
    CacheEntry.Identity identity = look.identity();
    long ttl = look.rule().ttlMillis();
    return cache.local(identity.key(), identity.scope(), ttl) != null
        ? CacheOutlook.known(CacheOutlook.HIT)
        : cache
            .shared(identity.key(), identity.scope(), ttl)
            .thenApply(found -> found.entry() == null ? CacheOutlook.MISS : CacheOutlook.HIT);
  }

  private Step hit(Call call, CacheEntry found) {
    metrics.cacheRequest(LAYER, "hit");
    call.inCache().hit(found, CacheOutcome.EXACT);
    return Step.next();
  }

  private Step missed(Call call, CacheLook look, ExactCache.Lookup lookup) {
    CachePart part = call.inCache();
    part.missed();
    if (look.mode().stores()) {
      part.toStore(new CacheAsk(look.identity(), lookup.ticket()));
    }
    return Step.next();
  }
}
