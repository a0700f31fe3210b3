package io.penstock.server.call.serve;

import io.penstock.cache.AnswerInspector;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.semantic.AnswerComparer;
import io.penstock.cache.semantic.Asked;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.rule.Condition;
import io.penstock.providers.AnswerSummary;
import io.penstock.server.call.Call;
import io.penstock.server.call.HitRecord;
import io.penstock.server.call.SemanticAsk;
import io.penstock.server.call.SemanticRule;
import io.penstock.server.metrics.CallMetrics;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What becomes of an answer that came from upstream after the semantic layer was asked: it is kept
 * for other wordings, and shows whether the stored answer that was found would have been right.
 * Thread-safe; each call's part runs on its loop.
 */
public final class SemanticDesk {
  private final SemanticCache cache;
  private final CallMetrics metrics;
  private final Ticker ticker;

  SemanticDesk(SemanticCache cache, CallMetrics metrics, Ticker ticker) {
    this.cache = cache;
    this.metrics = metrics;
    this.ticker = ticker;
  }

  /** An answer that came from upstream just now. */
  public record Fresh(CacheEntry.Origin origin, CacheEntry.Paid paid, byte[] body) {}

  /** Takes an answer that is whole and sound. */
  void answered(Call call, SemanticAsk ask, Fresh answer) {
    SemanticCache.Candidate candidate = ask.candidate();
    if (candidate != null) {
      check(call, ask, candidate, answer.body);
    }
    keep(call, ask, answer);
  }

  /** Keeps an answer for other wordings, if client and rule want it. */
  public void keep(Call call, SemanticAsk ask, Fresh answer) {
    Asked asked = ask.asked();
    if (asked != null && call.cacheMode().stores() && isKept(call, ask.rule(), answer)) {
      cache.offer(
          asked,
          new CacheEntry(
              asked.identity(call.surface().endpoint(), call.model()),
              answer.origin,
              answer.paid,
              CacheEntry.Life.of(ticker.epochMillis(), ask.rule().terms().ttlMillis()),
              answer.body));
    }
  }

  private static boolean isKept(Call call, SemanticRule rule, Fresh answer) {
    if (rule.storeIf().equals(Condition.ALWAYS)) {
      return true;
    }
    // One that stopped for another reason is not sound and does not come here.
    AnswerSummary summary = new AnswerSummary(answer.paid.usage(), true, "stop", false);
    Endpoint endpoint = call.surface().endpoint();
    return Judge.holds(call, rule.storeIf(), AnswerText.whole(endpoint, answer.body, summary));
  }

  /** Takes two answers that upstream gave to one prompt. */
  public void twins(Call call, SemanticAsk ask, byte[] one, byte[] other) {
    Endpoint endpoint = call.surface().endpoint();
    cache
        .likeness(
            AnswerInspector.inspect(endpoint, one).text(),
            AnswerInspector.inspect(endpoint, other).text())
        .thenAccept(ask.rule().record().comparer()::twin);
  }

  /**
   * Compares what was stored with what upstream says now; completes with whether it was wrong, or
   * fails when there was no time to compare.
   */
  public CompletionStage<Boolean> check(
      Call call, SemanticAsk ask, SemanticCache.Candidate candidate, byte[] fresh) {
    Endpoint endpoint = call.surface().endpoint();
    HitRecord record = ask.rule().record();
    String stored = AnswerInspector.inspect(endpoint, candidate.entry().body()).text();
    String now = AnswerInspector.inspect(endpoint, fresh).text();
    String route = call.destination().route();
    CompletionStage<Double> likeness =
        AnswerComparer.sameText(stored, now)
            ? CompletableFuture.completedStage(1.0)
            : cache.likeness(stored, now);
    return likeness
        .whenComplete((alike, busy) -> {
          if (busy != null) {
            metrics.cacheCheck("skipped");
          }
        })
        .thenApply(alike -> {
          boolean wrong = !record.comparer().same(stored, now, alike);
          metrics.cacheCheck(wrong ? "wrong" : "right");
          HitRecord.Checked known = record.checked(route, candidate.score(), wrong, ask.sure());
          if (known != null) {
            cache.checked(candidate.entry(), wrong);
            metrics.cacheWrong(
                ask.rule().terms().name(),
                route,
                known.interval().low(),
                known.estimate(),
                known.interval().high());
          }
          return wrong;
        });
  }
}
