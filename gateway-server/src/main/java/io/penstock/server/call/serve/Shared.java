package io.penstock.server.call.serve;

import io.penstock.budget.Budgets;
import io.penstock.cache.ExactCache;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.Ticker;
import io.penstock.server.call.HitMemory;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.idempotency.SharedAnswers;
import io.penstock.server.content.ContentKeeper;
import io.penstock.server.targets.Routing;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What all calls share and a new configuration acts on. Everything in it is thread-safe.
 *
 * @param snapshot the configuration that new requests start with
 * @param answers of calls with idempotency keys; null where replicas share nothing
 * @param hits keeps what checks of semantic hits have shown
 * @param content keeps prompts and answers; null where they are not kept
 */
public record Shared(
    AtomicReference<Snapshot> snapshot,
    Ticker ticker,
    Budgets budgets,
    Routing routing,
    StoredResponses responses,
    @Nullable SharedAnswers answers,
    ExactCache cache,
    SemanticCache semantic,
    HitMemory hits,
    @Nullable ContentKeeper content) {}
