package io.penstock.server.call.cache;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.Budgets;
import io.penstock.budget.RateState;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.Ending;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.price.PricedModel;
import io.penstock.ledger.CacheOutcome;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.SemanticAsk;
import io.penstock.server.call.accounting.Accounting;
import io.penstock.server.call.accounting.Pricing;
import io.penstock.server.call.accounting.Settled;
import io.penstock.server.call.reply.RateHeaders;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.call.reply.WholeAsStream;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.targets.Targets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Answers a call with a stored answer, in the shape that was asked for. */
public final class CacheReplay {
  private static final String ROUTE = "cache";

  private final Budgets budgets;
  private final Accounting accounting;
  private final CallMetrics metrics;

  public CacheReplay(Accounting accounting, CallMetrics metrics, Budgets budgets) {
    this.budgets = budgets;
    this.accounting = accounting;
    this.metrics = metrics;
  }

  /**
   * Where a stored answer came from.
   *
   * @param provider the configured provider's name
   * @param model the upstream model
   * @param priceVersion of today's price, "" when there is none
   * @param leftOut the fields of the request that the target could not take, or ""
   */
  record Source(
      String provider, String model, long ageMillis, String priceVersion, String leftOut) {
    /** Returns the source of an answer that is being made. */
    static Source of(TargetRuntime target, String leftOut) {
      return new Source(
          target.provider().name(), target.model(), 0, target.price().version(), leftOut);
    }
  }

  /** Answers and ends the call; on its loop. */
  public void serve(Call call, CacheEntry entry) {
    CacheEntry.Paid paid = entry.paid();
    Worth worth = worth(call, paid);
    // Less what an embedding of the question cost.
    long saved = worth.nanos() + call.tally().savedNanos();
    long age = entry.ageMillis(accounting.ticker().epochMillis());
    HttpHeaders headers =
        headers(
            call,
            new Source(paid.provider(), paid.model(), age, worth.priceVersion(), paid.leftOut()));
    if (call.stream()) {
      ResponseHeaders.stream(headers);
      byte[] events =
          WholeAsStream.events(
              call, entry.body(), new Settled(0, call.tally().spentNanos(), saved, true).json());
      call.responder().head(200, headers);
      call.responder().write(Unpooled.wrappedBuffer(events));
      call.responder().end();
    } else {
      headers.set(ResponseHeaders.COST, NanoUsd.format(call.tally().spentNanos()));
      headers.set(ResponseHeaders.SAVED, NanoUsd.format(saved));
      call.responder().reply(200, headers, Unpooled.wrappedBuffer(entry.body()));
    }
    book(call, entry, worth);
  }

  /** Records a call that has got its stored answer, and ends it. */
  void book(Call call, CacheEntry entry) {
    book(call, entry, worth(call, entry.paid()));
  }

  /** Records a call whose shared answer, by that target, broke off, and ends it. */
  void cut(Call call, TargetRuntime by, GatewayException why) {
    boolean late = why.code() == ErrorCode.UPSTREAM_TIMEOUT;
    Ending ending = late ? Ending.TIMED_OUT : Ending.UPSTREAM_FAILED;
    accounting.sharedCut(call, by, why.code(), ending);
    call.tally().answered(why.code().status(), by.provider().name(), by.shownModel());
    call.end(ending);
  }

  private void book(Call call, CacheEntry entry, Worth worth) {
    CacheEntry.Paid paid = entry.paid();
    accounting.cacheHit(call, paid, worth.nanos(), worth.priceVersion());
    boolean semantic = call.cacheOutcome() == CacheOutcome.SEMANTIC;
    String layer = semantic ? "semantic_cache" : "exact_cache";
    metrics.saved(layer, call.principal().team(), worth.nanos());
    call.tally().answered(200, paid.provider(), worth.shownModel());
    call.end(Ending.COMPLETED);
  }

  /** What an answer would cost today on the target that made it, nano-USD. */
  private record Worth(long nanos, String priceVersion, String shownModel) {}

  private static Worth worth(Call call, CacheEntry.Paid paid) {
    TargetRuntime target = call.snapshot().targets().find(paid.provider(), paid.model());
    if (target == null) {
      return new Worth(paid.costNanos(), "", Targets.OTHER);
    }
    PricedModel price = target.price();
    if (!price.isPriced()) {
      return new Worth(paid.costNanos(), "", target.shownModel());
    }
    long nanos = Pricing.worth(target, paid.usage(), call.startMillis());
    return new Worth(nanos, price.version(), target.shownModel());
  }

  /** Returns the headers of a hit. */
  HttpHeaders headers(Call call, Source source) {
    boolean events = call.stream() && !call.surface().arraySplit();
    HttpHeaders headers =
        ResponseHeaders.of(
            call.dialect(),
            call.idText(),
            events ? "text/event-stream; charset=utf-8" : "application/json");
    headers.set(ResponseHeaders.MODEL, ResponseHeaders.safe(source.model()));
    headers.set(ResponseHeaders.PROVIDER, source.provider());
    headers.set(ResponseHeaders.ROUTE, ROUTE);
    layer(call, headers);
    headers.set(HttpHeaderNames.AGE, TimeUnit.MILLISECONDS.toSeconds(source.ageMillis()));
    headers.set(ResponseHeaders.PRICE_VERSION, source.priceVersion());
    if (!source.leftOut().isEmpty()) {
      headers.set(ResponseHeaders.DROPPED, source.leftOut());
    }
    List<RateState> rates = call.rates();
    if (!rates.isEmpty()) {
      RateHeaders.add(headers, call.dialect(), rates, budgets.storeNow());
    }
    return headers;
  }

  private static void layer(Call call, HttpHeaders headers) {
    CachePart part = call.cache();
    SemanticAsk ask = part == null ? null : part.semantic();
    SemanticCache.Candidate served = ask == null ? null : ask.candidate();
    if (call.cacheOutcome() != CacheOutcome.SEMANTIC || served == null) {
      headers.set(ResponseHeaders.CACHE, "exact");
      return;
    }
    headers.set(ResponseHeaders.CACHE, "semantic");
    headers.set(
        ResponseHeaders.SIMILARITY, String.format(Locale.ROOT, "%.4f", served.similarity()));
  }
}
