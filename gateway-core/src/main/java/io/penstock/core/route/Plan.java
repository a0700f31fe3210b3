package io.penstock.core.route;

import io.penstock.core.ErrorCode;
import io.penstock.core.FailureKind;
import io.penstock.core.rule.Facts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The targets of one request, best first, found one at a time as the state is when asked. Confined
 * to the exchange's loop.
 */
public final class Plan {
  /** Where targets were passed over for several reasons, the first of these is told. */
  private static final List<ErrorCode> WORST_FIRST =
      List.of(
          ErrorCode.NO_HEALTHY_TARGET,
          ErrorCode.BUDGET_EXCEEDED,
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          ErrorCode.MODEL_NOT_PRICED,
          ErrorCode.UNSUPPORTED_PARAMETER);

  private final Planner planner;
  private final RouteTable.Found route;
  private final Facts facts;
  private final Surroundings around;
  private final SplittableRandom random;
  private final Descent here = new Descent();
  private final List<Skipped> skipped = new ArrayList<>(0);

  /** How many of them the reason of a target before has had a chance to name. */
  private int told;

  private @Nullable Candidate ahead;
  private List<Step> wayAhead = List.of();
  private List<Step> way = List.of();
  private final List<PutOff> putOff = new ArrayList<>(0);
  private boolean isLongEnough;
  private boolean diverted;

  /** Targets that said nothing in their time. */
  private final Set<String> silent = new HashSet<>(0);

  /** The longest context that was too short for this request, tokens; 0 while none was. */
  private long tooShort;

  private final Stickiness sticky;

  /** A target that was passed over, and why. */
  public record Skipped(String target, String why) {}

  /** What a route on the way to a target chose. */
  record Step(RouteTable.Found route, String target) {
    boolean isCascade() {
      return route.spec() instanceof RouteSpec.Cascade;
    }
  }

  /** A target whose context is likely too short, and how long it is. */
  private record PutOff(Candidate candidate, List<Step> way, long context) {}

  Plan(
      Planner planner,
      RouteTable.Found route,
      Facts facts,
      Surroundings around,
      SplittableRandom random) {
    this.planner = planner;
    this.route = route;
    this.facts = facts;
    this.around = around;
    this.random = random;
    this.sticky = new Stickiness(planner.placements(), facts);
    enter(route);
  }

  /** Returns the options of the model that was asked for. */
  public RouteOptions options() {
    return route.spec().options();
  }

  /** Returns the targets passed over so far, in order: what a 503 and explain tell. */
  public List<Skipped> skipped() {
    return List.copyOf(skipped);
  }

  /**
   * Returns whether some target was passed over for a reason that passes: what answers now may not
   * be what would answer the next request like it.
   */
  public boolean isDiverted() {
    return diverted;
  }

  /**
   * Returns what a request is refused with when there was no target: what would be the same for the
   * next request like it is said as such; 503 when waiting may help.
   */
  public ErrorCode refusal() {
    return skipped.stream()
        .map(one -> Surroundings.refusal(one.why()))
        .min(Comparator.comparingInt(WORST_FIRST::indexOf))
        .orElse(ErrorCode.NO_HEALTHY_TARGET);
  }

  /** Returns whether {@link #next} would find another target now. */
  public boolean hasNext() {
    look();
    return ahead != null;
  }

  /**
   * Returns the next target, or null when there is none left.
   *
   * @param after why the last one did not do ({@link AttemptPolicy.Decision#why()}), "" at first
   */
  public @Nullable Candidate next(String after) {
    look();
    Candidate found = ahead;
    way = wayAhead;
    ahead = null;
    if (found != null && !after.isEmpty()) {
      found = found.after(after);
    }
    if (found != null) {
      sticky.taken(found, way);
      told = skipped.size();
    }
    return found;
  }

  /** A target that {@link #next} gave can't be asked after all: it has gone down meanwhile. */
  public void gone(Candidate target) {
    String why = planner.health().unavailable(target.target());
    passOver(target, why == null ? "breaker open" : why);
    diverted = true;
  }

  /**
   * A target failed. One that was silent is not asked again, whatever route names it; after a
   * context that was too short only longer ones are, and those of which nobody knows.
   */
  public void failed(Candidate target, FailureKind kind) {
    switch (kind) {
      case FIRST_BYTE_TIMEOUT, FIRST_TOKEN_TIMEOUT, IDLE_TIMEOUT -> silent.add(target.target());
      case CONTEXT_LENGTH -> tooShort = Math.max(tooShort, around.context(target));
      default -> {
        return;
      }
    }
    putOff.removeIf(later -> hopeless(later.candidate()) != null);
    Candidate next = ahead;
    String why = next == null ? null : hopeless(next);
    if (next != null && why != null) {
      ahead = null;
      passOver(next, why);
    }
  }

  /** Returns why a target would fail as another one of this call did, or null. */
  private @Nullable String hopeless(Candidate target) {
    if (silent.contains(target.target())) {
      return "was silent";
    }
    long context = tooShort == 0 ? 0 : around.context(target);
    return context > 0 && context <= tooShort ? Surroundings.SHORT_CONTEXT : null;
  }

  private void passOver(Candidate target, String why) {
    skipped.add(new Skipped(target.target(), why));
  }

  /** Returns the next tier of the nearest cascade: the last answer was not accepted. */
  public @Nullable Candidate escalate(String why) {
    Step tier = way.reversed().stream().filter(Step::isCascade).findFirst().orElse(null);
    if (tier != null && (ahead == null || wayAhead.contains(tier))) {
      ahead = null;
      here.backTo(tier.route().name());
    }
    return next(why);
  }

  /**
   * Remembers a target for what is sticky on the way to it. Call it when its answer is complete.
   *
   * @param by what {@link #next} returned; two may have been asked at once
   * @param key id of the provider key used, "" when there is but one
   * @param warmTokens input tokens now in the provider's prompt cache, 0 when it keeps none
   * @param ttlNanos how long that cache stays warm
   */
  public void answered(Candidate by, String key, long warmTokens, long ttlNanos) {
    sticky.answered(by, key, warmTokens, ttlNanos);
  }

  private void look() {
    while (ahead == null) {
      Choice choice = here.next();
      if (choice == null) {
        break;
      }
      String provider = choice.provider();
      if (provider != null) {
        consider(choice, provider);
      } else {
        RouteTable.Found nested = planner.table().find(choice.target());
        if (nested != null) {
          enter(nested);
        }
      }
    }
    if (ahead == null && !isLongEnough) {
      lookAgain();
    }
  }

  /** Nobody takes more than those that were put off: the longest of them, in the route's order. */
  private void lookAgain() {
    long longest = putOff.stream().mapToLong(PutOff::context).max().orElse(0);
    while (ahead == null && !putOff.isEmpty()) {
      PutOff first = putOff.removeFirst();
      String target = first.candidate().target();
      if (first.context() == longest && planner.health().unavailable(target) == null) {
        skipped.remove(new Skipped(target, Surroundings.LIKELY_SHORT));
        ahead = first.candidate();
        wayAhead = first.way();
      }
    }
  }

  private void enter(RouteTable.Found nested) {
    List<Choice> order = planner.order(nested, facts, around, random);
    if (order.isEmpty()) {
      skipped.add(
          new Skipped(
              nested.name(),
              nested.spec() instanceof RouteSpec.Rules ? "no rule holds" : "no target is allowed"));
    }
    here.enter(nested, order);
  }

  private void consider(Choice choice, String provider) {
    Candidate candidate =
        new Candidate(
            choice.target(),
            provider,
            choice.model(),
            here.spec(),
            here.options(route.spec().options()),
            reason(),
            here.keyHint(sticky));
    String why = unfit(candidate);
    if (why != null) {
      passOver(candidate, why);
      return;
    }
    long context = around.shortContext(candidate);
    if (context > 0) {
      putOff.add(new PutOff(candidate, here.steps(), context));
      passOver(candidate, Surroundings.LIKELY_SHORT);
    } else {
      isLongEnough = true;
      ahead = candidate;
      wayAhead = here.steps();
    }
  }

  private @Nullable String unfit(Candidate candidate) {
    String down = planner.health().unavailable(candidate.target());
    String why = down == null ? around.unfit(candidate) : down;
    diverted |= down != null || Surroundings.NO_CREDENTIAL.equals(why);
    return why == null ? hopeless(candidate) : why;
  }

  private String reason() {
    if (skipped.size() == told) {
      return here.why();
    }
    Skipped last = skipped.getLast();
    return here.why() + " past " + last.target() + " (" + last.why() + ')';
  }
}
