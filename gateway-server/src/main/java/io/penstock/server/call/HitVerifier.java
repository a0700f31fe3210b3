package io.penstock.server.call;

import io.penstock.cache.AnswerFacts;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.GatewayException;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.server.metrics.CallMetrics;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Asks upstream for a share of the hits that were served, after the client has its answer, and has
 * the two answers compared. Thread-safe; each call's part runs on its loop.
 */
final class HitVerifier {
  /** Checks under way at once: more would keep too many request bodies. */
  private static final int MOST_UNDERWAY = 64;

  /** Of checks: asked once more, to learn how alike two answers to one prompt are. */
  private static final double TWINS = 0.1;

  private final SemanticDesk desk;
  private final CallMetrics metrics;
  private final AtomicInteger underway = new AtomicInteger();

  HitVerifier(SemanticDesk desk, CallMetrics metrics) {
    this.desk = desk;
    this.metrics = metrics;
  }

  /** Takes a call that was answered from the cache. */
  void served(Call call, Engine engine) {
    CachePart part = call.cache();
    SemanticAsk ask = part == null ? null : part.semantic();
    SemanticCache.Candidate candidate = ask == null ? null : ask.candidate();
    if (call.cacheOutcome() != CacheOutcome.SEMANTIC || ask == null || candidate == null) {
      return;
    }
    if (!ask.rule().record().gate().shouldVerify(ThreadLocalRandom.current().nextDouble())) {
      return;
    }
    if (underway.incrementAndGet() > MOST_UNDERWAY) {
      underway.decrementAndGet();
      metrics.cacheCheck("skipped");
      return;
    }
    ask(call, engine, RequestIds.MAX_ATTEMPT - 1)
        .whenComplete((fresh, failed) -> {
          underway.decrementAndGet();
          if (failed != null || !isSound(call, fresh.body())) {
            metrics.cacheCheck("failed");
            return;
          }
          desk.check(call, ask, candidate, fresh.body())
              .thenAccept(wrong -> {
                if (wrong) {
                  keepRight(call, ask, fresh);
                }
              });
          if (ThreadLocalRandom.current().nextDouble() < TWINS) {
            ask(call, engine, RequestIds.MAX_ATTEMPT - 2)
                .thenAccept(twin -> desk.twins(call, ask, fresh.body(), twin.body()));
          }
        });
  }

  private static boolean isSound(Call call, byte[] body) {
    return new AnswerFacts(call.surface().endpoint(), 200, true, false).refusal(body) == null;
  }

  /** The question was not the same: from now on it has an answer of its own. */
  private void keepRight(Call call, SemanticAsk ask, SideCall.Made fresh) {
    SemanticDesk.Fresh right =
        new SemanticDesk.Fresh(AnswerKeeper.origin(call), fresh.paid(), fresh.body());
    call.loop().execute(() -> desk.keep(call, ask, right));
  }

  /** Asks the target that would have been tried first. */
  private static CompletionStage<SideCall.Made> ask(Call call, Engine engine, int number) {
    TargetRuntime target = target(call);
    if (target == null) {
      return CompletableFuture.failedStage(new IllegalStateException("no target"));
    }
    try {
      WorstCase worst = WorstCase.of(call, target, OutputCap.most(call, target, -1));
      return SideCall.make(
          call,
          engine,
          new SideCall.Order(
              target,
              target.provider().provider().attempt(target.call(call, -1)),
              call.stream(),
              new LedgerRow.Attempt(call.id(), number, Cause.VERIFY),
              "verify",
              worst.nanos(),
              worst.tokens()));
    } catch (GatewayException cannotTakeIt) {
      return CompletableFuture.failedStage(cannotTakeIt);
    }
  }

  private static @Nullable TargetRuntime target(Call call) {
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    if (route == null) {
      return null;
    }
    Candidate candidate =
        call.snapshot()
            .planner()
            .plan(
                route,
                call.facts(),
                new CallSurroundings(call, CallSurroundings.Scored.UNHEARD),
                ThreadLocalRandom.current().nextLong())
            .next("");
    return candidate == null ? null : call.snapshot().targets().find(candidate);
  }
}
