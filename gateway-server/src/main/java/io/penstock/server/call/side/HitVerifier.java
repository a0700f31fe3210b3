package io.penstock.server.call.side;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.providers.AnswerSummary;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.SemanticAsk;
import io.penstock.server.call.serve.AnswerKeeper;
import io.penstock.server.call.serve.CallSurroundings;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.call.serve.Judge;
import io.penstock.server.call.serve.SemanticDesk;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Asks the target that made an answer again for a share of the hits that were served, after the
 * client has its answer, and has the two answers compared. Thread-safe; each call's part runs on
 * its loop.
 */
public final class HitVerifier {
  /** Checks under way at once: more would keep too many request bodies. */
  private static final int MOST_UNDERWAY = 64;

  /** Of checks: asked once more, to learn how alike two answers to one prompt are. */
  private static final double TWINS = 0.1;

  private final SemanticDesk desk;
  private final CallMetrics metrics;
  private final AtomicInteger underway = new AtomicInteger();

  public HitVerifier(SemanticDesk desk, CallMetrics metrics) {
    this.desk = desk;
    this.metrics = metrics;
  }

  /** Takes a call that was answered from the cache. */
  public void served(Call call, Engine engine) {
    CachePart part = call.cache();
    SemanticAsk ask = part == null ? null : part.semantic();
    SemanticCache.Candidate candidate = ask == null ? null : ask.candidate();
    if (call.cacheOutcome() != CacheOutcome.SEMANTIC || ask == null || candidate == null) {
      return;
    }
    if (!ask.rule().record().gate().shouldVerify(ThreadLocalRandom.current().nextDouble())) {
      return;
    }
    Way way = way(call, candidate.entry().paid());
    if (way == null) {
      // Another target may answer otherwise, and be right.
      metrics.cacheCheck("skipped");
      return;
    }
    if (underway.incrementAndGet() > MOST_UNDERWAY) {
      underway.decrementAndGet();
      metrics.cacheCheck("skipped");
      return;
    }
    call.guard()
        .when(
            ask(call, engine, way.target(), RequestIds.MAX_ATTEMPT - 1),
            (fresh, failed) -> {
              underway.decrementAndGet();
              if (fresh == null || !isSound(call, fresh) || !way.accepts(fresh)) {
                metrics.cacheCheck("failed");
                return;
              }
              compare(call, ask, candidate, way, fresh);
              if (ThreadLocalRandom.current().nextDouble() < TWINS) {
                call.guard()
                    .when(
                        ask(call, engine, way.target(), RequestIds.MAX_ATTEMPT - 2),
                        (twin, missing) -> {
                          if (twin != null) {
                            desk.twins(call, ask, fresh.body(), twin.body());
                          }
                        });
              }
            });
  }

  private void compare(
      Call call, SemanticAsk ask, SemanticCache.Candidate candidate, Way way, SideCall.Made fresh) {
    call.guard()
        .when(
            desk.check(call, ask, candidate, fresh.body()),
            (wrong, failed) -> {
              if (wrong != null && wrong && way.asRouted()) {
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

  /**
   * The target that made the stored answer, as the call would ask it now.
   *
   * @param judge of its answer; null when it is taken as it comes
   * @param asRouted whether the route would have its answer: no other target comes first but tiers
   *     that may be turned down, and none was passed over for now
   */
  private record Way(TargetRuntime target, @Nullable Judge judge, boolean asRouted) {
    boolean accepts(SideCall.Made fresh) {
      AnswerSummary summary = new AnswerSummary(fresh.paid().usage(), true, fresh.finish(), false);
      return judge == null || judge.accepts(fresh.body(), summary);
    }
  }

  /**
   * Returns null when the route does not lead there, or not now, or none could judge the answer.
   */
  private static @Nullable Way way(Call call, CacheEntry.Paid by) {
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    if (route == null) {
      return null;
    }
    Plan plan = CallSurroundings.plan(call, route);
    boolean asRouted = true;
    for (Candidate next = plan.next(""); next != null; next = plan.next("")) {
      Judge judge = Judge.of(call, next);
      TargetRuntime target = call.snapshot().targets().find(next);
      if (target != null
          && next.provider().equals(by.provider())
          && next.model().equals(by.model())) {
        if (judge != null && call.stream() && judge.readsLogprob()) {
          // Log-probabilities are lost where events are put together.
          return null;
        }
        return new Way(
            judge == null ? target : judge.asking(target), judge, asRouted && !plan.isDiverted());
      }
      asRouted &= judge != null;
    }
    return null;
  }
}
