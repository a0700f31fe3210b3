package io.penstock.server.call.cache;

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
import io.penstock.server.call.CacheAsk;
import io.penstock.server.call.CacheLook;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.CacheRules;
import io.penstock.server.call.Call;
import io.penstock.server.call.EmbeddingBatch;
import io.penstock.server.call.Snapshot;
import io.penstock.server.metrics.CallMetrics;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The exact cache for embeddings, input by input. Beside {@link CacheFilter}, for its rules. */
public final class EmbeddingFilter implements Filter<Call> {
  private static final String LAYER = "exact";

  /** Larger batches are not looked up: one question to Redis must not hold up the others. */
  private static final int MAX_INPUTS = 512;

  private final ExactCache cache;
  private final CallMetrics metrics;

  public EmbeddingFilter(ExactCache cache, CallMetrics metrics) {
    this.cache = cache;
    this.metrics = metrics;
  }

  /** A batch to look up, and how. */
  private record Looked(EmbeddingBatch batch, CacheLook look) {}

  @Override
  public Step apply(Call call) {
    Looked looked = looked(call, true);
    if (looked == null) {
      return Step.next();
    }
    EmbeddingBatch batch = looked.batch;
    CacheLook look = looked.look;
    if (!look.mode().reads()) {
      return Step.await(
          cache.ticket(look.identity().key(), batch.scope()),
          ticket -> goOn(call, batch, look, ticket));
    }
    findHere(batch, look);
    return batch.isWhole()
        ? hit(call, batch)
        : Step.await(
            askShared(batch, look),
            found -> {
              take(batch, found);
              return batch.isWhole() ? hit(call, batch) : goOn(call, batch, look, found.ticket());
            });
  }

  /** Says what this layer would do for a call that is not made: hit, partial, miss or off. */
  CompletionStage<String> says(Call call) {
    Looked looked = looked(call, false);
    if (looked == null || !looked.look.mode().reads()) {
      return CacheOutlook.known(looked == null ? CacheOutlook.OFF : CacheOutlook.MISS);
    }
    EmbeddingBatch batch = looked.batch;
    findHere(batch, looked.look);
    return batch.isWhole()
        ? CacheOutlook.known(CacheOutlook.HIT)
        : askShared(batch, looked.look)
            .thenApply(found -> {
              take(batch, found);
              String some = batch.isPartial() ? CacheOutlook.PARTIAL : CacheOutlook.MISS;
              return batch.isWhole() ? CacheOutlook.HIT : some;
            });
  }

  /**
   * Returns what to look for, or null when no rule holds for this call.
   *
   * @param counted whether a call without keys is counted
   */
  private @Nullable Looked looked(Call call, boolean counted) {
    Endpoint endpoint = call.surface().endpoint();
    boolean embeds =
        endpoint == Endpoint.EMBEDDINGS
            || endpoint == Endpoint.BATCH_EMBED_CONTENTS
            || endpoint == Endpoint.EMBED_CONTENT;
    if (!embeds || call.cacheMode() == CacheMode.OFF) {
      return null;
    }
    RouteTable.Found found = call.snapshot().routes().find(call.model());
    CacheRules.Rule rule = call.snapshot().cache().match(call.facts());
    if (found == null || rule == null || call.destination().isNamed()) {
      return null;
    }
    String route = Snapshot.patternOf(found);
    CacheScope scope = CacheScope.of(rule.scope(), call.principal());
    KeyInput input = CacheFilter.keyInput(call, scope, route);
    EmbeddingInputs inputs = EmbeddingInputs.of(input, call.bytes());
    if (inputs == null || inputs.size() > MAX_INPUTS) {
      if (counted) {
        metrics.cacheRequest(LAYER, "bypass");
      }
      return null;
    }
    call.destination().route(route);
    CacheEntry.Identity place =
        new CacheEntry.Identity(inputs.key(0), scope, input.endpoint(), input.model());
    return new Looked(
        new EmbeddingBatch(inputs, place), new CacheLook(call.cacheMode(), rule, place));
  }

  private void findHere(EmbeddingBatch batch, CacheLook look) {
    for (int i = 0; i < batch.size(); i++) {
      batch.found(i, cache.local(batch.key(i), batch.scope(), look.rule().ttlMillis()));
    }
  }

  private CompletionStage<ExactCache.Lookups> askShared(EmbeddingBatch batch, CacheLook look) {
    List<CacheKey> keys = batch.missing().stream().map(batch::key).toList();
    return cache.shared(keys, batch.scope(), look.rule().ttlMillis());
  }

  /** Takes what was found for the inputs that were missing. */
  private static void take(EmbeddingBatch batch, ExactCache.Lookups found) {
    List<Integer> missing = batch.missing();
    for (int i = 0; i < missing.size(); i++) {
      batch.found(missing.get(i), found.entries().get(i));
    }
  }

  private Step hit(Call call, EmbeddingBatch batch) {
    metrics.cacheRequest(LAYER, "hit");
    call.inCache().hit(batch.answer(), CacheOutcome.EXACT);
    return Step.next();
  }

  private Step goOn(Call call, EmbeddingBatch batch, CacheLook look, ExactCache.Ticket ticket) {
    CachePart part = call.inCache();
    part.missed();
    CacheAsk ask = new CacheAsk(look.identity(), ticket);
    part.batch(batch, look, look.mode().stores() ? ask : null);
    return Step.next();
  }
}
