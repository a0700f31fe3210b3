package io.penstock.server.call.serve;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.identity.Hashes;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.Router;
import io.penstock.core.route.Surroundings;
import io.penstock.server.call.Call;
import io.penstock.server.call.InputEstimate;
import io.penstock.server.call.accounting.AskedMeters;
import io.penstock.server.call.accounting.OutputCap;
import io.penstock.server.call.accounting.WorstCase;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.targets.TargetRuntime;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** What the planner asks about targets for one call. Confined to the call's loop. */
public final class CallSurroundings implements Surroundings {
  private static final long UNKNOWN_WAIT_MILLIS = 1000;

  private final Call call;
  private final Scored scored;
  private @Nullable Router judge;
  private double score;

  /** Hears the score of a prompt when a router has judged it. */
  @FunctionalInterface
  public interface Scored {
    /** Nobody keeps it. */
    Scored UNHEARD = (router, score) -> {};

    void by(Router router, double score);
  }

  public CallSurroundings(Call call, Scored scored) {
    this.call = call;
    this.scored = scored;
  }

  /** Returns the plan of a call by that route, of which nothing is remembered. */
  public static Plan plan(Call call, RouteTable.Found route) {
    return call.snapshot()
        .planner()
        .plan(
            route,
            call.facts(),
            new CallSurroundings(call, Scored.UNHEARD),
            ThreadLocalRandom.current().nextLong());
  }

  /** Returns the target that a call by that route would be sent to now; null when none fits. */
  public static @Nullable TargetRuntime first(Call call, RouteTable.Found route) {
    Candidate candidate = plan(call, route).next("");
    return candidate == null ? null : call.snapshot().targets().find(candidate);
  }

  @Override
  public @Nullable String unfit(Candidate candidate) {
    TargetRuntime target = call.snapshot().targets().find(candidate);
    if (target == null) {
      return "no key";
    }
    if (!call.destination().allows(target.provider().name())) {
      return KEPT_AT + call.destination().keptAt();
    }
    if (!target.provider().serves(call.surface().endpoint(), target.model())) {
      return NOT_SERVED;
    }
    if (!target.price().isPriced()) {
      return NO_PRICE;
    }
    Meter unrated = target.price().refusesUnpriced() ? AskedMeters.unrated(call, target) : null;
    if (unrated != null) {
      return NO_RATE + unrated.label();
    }
    if (!target.provider().keys().isReady()) {
      return NO_CREDENTIAL;
    }
    long ceiling = candidate.options().ceilingNanos();
    if (ceiling > 0) {
      long output = OutputCap.most(call, target, -1);
      if (WorstCase.of(call, target, output).nanos() > ceiling) {
        return OVER_CEILING;
      }
    }
    long context = target.price().longestContext();
    return context > 0 && InputEstimate.isSurelyOver(call, context) ? SHORT_CONTEXT : null;
  }

  @Override
  public long shortContext(Candidate candidate) {
    TargetRuntime target = call.snapshot().targets().find(candidate);
    long context = target == null ? 0 : target.price().contextLimit();
    return context > 0 && InputEstimate.isLikelyOver(call, context) ? context : 0;
  }

  @Override
  public long context(Candidate candidate) {
    TargetRuntime target = call.snapshot().targets().find(candidate);
    return target == null ? 0 : Math.max(0, target.price().contextLimit());
  }

  @Override
  public long expectedCost(String label, long warmTokens, long outputTokens) {
    int slash = label.indexOf('/');
    TargetRuntime target =
        call.snapshot().targets().find(label.substring(0, slash), label.substring(slash + 1));
    if (target == null || !target.price().isPriced()) {
      return -1;
    }
    long input = InputEstimate.likely(call);
    long warm = Math.min(warmTokens, input);
    long cap = call.wants().wish().tokens();
    long output = outputTokens > 0 ? outputTokens : cap > 0 ? cap : LikelyUse.USUAL_OUTPUT;
    Usage usage =
        Usage.builder()
            .set(Meter.INPUT, input - warm)
            .set(Meter.CACHE_READ, warm)
            .set(Meter.OUTPUT, output)
            .build();
    long now = call.startMillis();
    return target.price().costNanos(target.price().billed(usage, now), now);
  }

  @Override
  public double complexity(Router router) {
    if (!router.equals(judge)) {
      judge = router;
      score = router.score(call.facts().features(), call.facts().embedding());
      scored.by(router, score);
    }
    return score;
  }

  @Override
  public long opening() {
    if (!call.surface().endpoint().isConversation()) {
      return 0;
    }
    String lead = call.facts().conversation().lead();
    return Long.parseUnsignedLong(Hashes.of(call.principal().team(), lead), 16);
  }

  /** Returns why no target at all could be tried. */
  public GatewayException nothingFits(Plan plan) {
    List<Plan.Skipped> skipped = plan.skipped();
    ErrorCode code = plan.refusal();
    List<String> of =
        skipped.stream()
            .filter(one -> Surroundings.refusal(one.why()) == code)
            .map(Plan.Skipped::target)
            .distinct()
            .toList();
    return switch (code) {
      case MODEL_NOT_PRICED -> Refusals.notPriced(of, unrated(skipped));
      case UNSUPPORTED_PARAMETER ->
          skipped.stream().anyMatch(one -> one.why().startsWith(KEPT_AT))
              ? Refusals.keptElsewhere(call.destination(), of)
              : Refusals.notServed(call.surface().endpoint().label(), of);
      case BUDGET_EXCEEDED -> Refusals.overCeiling(call.model(), of);
      case CONTEXT_LENGTH_EXCEEDED -> Refusals.tooLong(InputEstimate.likely(call), of);
      default -> Refusals.noTarget(call.model(), skipped, soonest(skipped));
    };
  }

  /** Returns the meters without a rate for which targets were passed over. */
  private static List<String> unrated(List<Plan.Skipped> skipped) {
    return skipped.stream()
        .filter(one -> one.why().startsWith(NO_RATE))
        .map(one -> one.why().substring(NO_RATE.length()))
        .distinct()
        .toList();
  }

  /** Returns when the first of them may be asked again, milliseconds from now. */
  private long soonest(List<Plan.Skipped> skipped) {
    HealthBoard health = call.snapshot().routing().health();
    return skipped.stream()
        .mapToLong(one -> health.waitMillis(one.target()))
        .filter(wait -> wait > 0)
        .min()
        .orElse(UNKNOWN_WAIT_MILLIS);
  }
}
