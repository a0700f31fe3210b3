package io.penstock.server.call;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheMode;
import io.penstock.cache.CacheScope;
import io.penstock.cache.EmbeddingInputs;
import io.penstock.cache.ExactCache;
import io.penstock.cache.KeyInput;
import io.penstock.core.Endpoint;
import io.penstock.core.Filter;
import io.penstock.core.Step;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.server.metrics.CallMetrics;
import java.util.List;

/** The exact cache for embeddings, input by input. Beside {@link CacheFilter}, for its rules. */
final class EmbeddingFilter implements Filter<Call> {
  private static final String LAYER = "exact";

  /** Larger batches are not looked up: one question to Redis must not hold up the others. */
  private static final int MAX_INPUTS = 512;

  private final ExactCache cache;
  private final CallMetrics metrics;

  EmbeddingFilter(ExactCache cache, CallMetrics metrics) {
    this.cache = cache;
    this.metrics = metrics;
  }

  @Override
  public Step apply(Call call) {
    Endpoint endpoint = call.surface().endpoint();
    boolean embeds =
        endpoint == Endpoint.EMBEDDINGS
            || endpoint == Endpoint.BATCH_EMBED_CONTENTS
            || endpoint == Endpoint.EMBED_CONTENT;
    if (!embeds || call.cacheMode() == CacheMode.OFF) {
      return Step.next();
    }
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    CacheRules.Rule rule = call.snapshot().cache().match(call.facts());
    return route == null || rule == null || call.destination().isNamed()
        ? Step.next()
        : look(call, Snapshot.patternOf(route), rule);
  }

  private Step look(Call call, String route, CacheRules.Rule rule) {
    CacheScope scope = CacheScope.of(rule.scope(), call.principal());
    KeyInput input = CacheFilter.keyInput(call, scope, route);
    EmbeddingInputs inputs = EmbeddingInputs.of(input, call.bytes());
    if (inputs == null || inputs.size() > MAX_INPUTS) {
      metrics.cacheRequest(LAYER, "bypass");
      return Step.next();
    }
    call.destination().route(route);
    CacheMode mode = call.cacheMode();
    CacheEntry.Identity place =
        new CacheEntry.Identity(inputs.key(0), scope, input.endpoint(), input.model());
    EmbeddingBatch batch = new EmbeddingBatch(inputs, place);
    CacheLook look = new CacheLook(mode, rule, place);
    if (!mode.reads()) {
      return Step.await(
          cache.ticket(place.key(), scope), ticket -> goOn(call, batch, look, ticket));
    }
    for (int i = 0; i < batch.size(); i++) {
      batch.found(i, cache.local(batch.key(i), scope, rule.ttlMillis()));
    }
    return batch.isWhole() ? hit(call, batch) : shared(call, batch, look);
  }

  private Step shared(Call call, EmbeddingBatch batch, CacheLook look) {
    List<Integer> missing = batch.missing();
    List<CacheKey> keys = missing.stream().map(batch::key).toList();
    return Step.await(
        cache.shared(keys, batch.scope(), look.rule().ttlMillis()),
        found -> {
          for (int i = 0; i < missing.size(); i++) {
            batch.found(missing.get(i), found.entries().get(i));
          }
          return batch.isWhole() ? hit(call, batch) : goOn(call, batch, look, found.ticket());
        });
  }

  private Step hit(Call call, EmbeddingBatch batch) {
    metrics.cacheRequest(LAYER, "hit");
    call.inCache().hit(batch.answer(), CacheOutcome.EXACT);
    return Step.next();
  }

  private Step goOn(Call call, EmbeddingBatch batch, CacheLook look, ExactCache.Ticket ticket) {
    CachePart part = call.inCache();
    part.missed();
    CacheAsk ask = new CacheAsk(look.identity(), look.rule().ttlMillis(), ticket);
    part.batch(batch, look, look.mode().stores() ? ask : null);
    return Step.next();
  }
}
