package io.penstock.server.call.filter;

import io.penstock.core.Filter;
import io.penstock.core.Pipeline;
import io.penstock.server.call.Call;
import io.penstock.server.call.cache.CacheFilter;
import io.penstock.server.call.cache.CacheOnlyFilter;
import io.penstock.server.call.cache.CacheOutlook;
import io.penstock.server.call.cache.CacheReplay;
import io.penstock.server.call.cache.EmbeddingFilter;
import io.penstock.server.call.cache.FlightFilter;
import io.penstock.server.call.cache.SemanticFilter;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.call.side.HitVerifier;
import io.penstock.server.call.side.QuestionEmbedder;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.tokens.TokenCounter;
import java.util.ArrayList;
import java.util.List;

/**
 * The filters in the order in which calls pass them, and where they lead. Thread-safe; a call's
 * part of it runs on the call's loop.
 */
public final class FilterChain {
  /** Those that find out what a call is: they hold nothing and ask no store. */
  public static final List<Filter<Call>> FIRST =
      List.of(new PeekFilter(), new ContextFilter(), new PermissionFilter(), new ShapeFilter());

  private final Pipeline<Call> pipeline;
  private final CacheOutlook outlook;

  /**
   * Creates the chain of calls through that engine.
   *
   * @param counter of the tokens of requests that no provider counts
   */
  public FilterChain(Engine engine, TokenCounter counter, CallMetrics metrics) {
    Shared shared = engine.shared();
    CacheReplay replay = new CacheReplay(engine.accounting(), metrics, shared.budgets());
    CacheFilter exact = new CacheFilter(shared.cache(), metrics);
    EmbeddingFilter embeddings = new EmbeddingFilter(shared.cache(), metrics);
    SemanticFilter semantic =
        new SemanticFilter(shared.semantic(), new QuestionEmbedder(engine), metrics);
    this.outlook = new CacheOutlook(exact, embeddings, semantic);
    List<Filter<Call>> filters = new ArrayList<>(FIRST);
    filters.addAll(
        List.of(
            new RateFilter(shared.budgets()),
            new SpentFilter(shared.budgets()),
            new StoredFilter(shared.responses()),
            exact,
            embeddings,
            new FlightFilter(shared.cache(), replay, metrics, engine.load()),
            // Before the semantic layer, which keeps apart what different targets answer.
            new RouterFilter(shared.semantic()::embed, metrics),
            semantic,
            new CacheOnlyFilter(),
            new ListingFilter(),
            new UsageFilter(shared.budgets()),
            new CountFilter(counter)));
    HitVerifier verifier = new HitVerifier(engine.desk(), metrics);
    this.pipeline = new Pipeline<>(filters, new WayOut(engine, replay, verifier));
  }

  /** Sends a call on its chain. */
  public void run(Call call) {
    pipeline.run(call);
  }

  /** Returns what says what the cache would do for a call that is not made. */
  public CacheOutlook outlook() {
    return outlook;
  }
}
