package io.penstock.server.call;

import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.server.metrics.CallMetrics;
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
    TargetRuntime target = target(call);
    if (target == null) {
      metrics.cacheCheck("failed");
      return;
    }
    if (underway.incrementAndGet() > MOST_UNDERWAY) {
      underway.decrementAndGet();
      metrics.cacheCheck("skipped");
      return;
    }
    call.guard()
        .when(
            ask(call, engine, target, RequestIds.MAX_ATTEMPT - 1),
            (fresh, failed) -> {
              underway.decrementAndGet();
              if (fresh == null || !isSound(call, fresh)) {
                metrics.cacheCheck("failed");
                return;
              }
              compare(call, ask, candidate, fresh);
              if (ThreadLocalRandom.current().nextDouble() < TWINS) {
                call.guard()
                    .when(
                        ask(call, engine, target, RequestIds.MAX_ATTEMPT - 2),
                        (twin, missing) -> {
                          if (twin != null) {
                            desk.twins(call, ask, fresh.body(), twin.body());
                          }
                        });
              }
            });
  }

  private void compare(
      Call call, SemanticAsk ask, SemanticCache.Candidate candidate, SideCall.Made fresh) {
    call.guard()
        .when(
            desk.check(call, ask, candidate, fresh.body()),
            (wrong, failed) -> {
              if (wrong != null && wrong) {
                keepRight(call, ask, fresh);
              }
            });
  }

  private static boolean isSound(Call call, SideCall.Made fresh) {
    return AnswerKeeper.facts(call, fresh.paid(), 200, false).refusal(fresh.body()) == null;
  }

  /** The question was not the same: from now on it has an answer of its own. */
  private void keepRight(Call call, SemanticAsk ask, SideCall.Made fresh) {
    SemanticDesk.Fresh right =
        new SemanticDesk.Fresh(AnswerKeeper.origin(call), fresh.paid(), fresh.body());
    desk.keep(call, ask, right);
  }

  private static CompletionStage<SideCall.Made> ask(
      Call call, Engine engine, TargetRuntime target, int number) {
    LedgerRow.Attempt row = new LedgerRow.Attempt(call.id(), number, Cause.VERIFY);
    return SideCall.make(call, engine, () -> SideCall.Order.again(call, target, row, "verify", ""));
  }

  /** Returns the target that would have been tried first. */
  private static @Nullable TargetRuntime target(Call call) {
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    return route == null ? null : CallSurroundings.first(call, route);
  }
}
