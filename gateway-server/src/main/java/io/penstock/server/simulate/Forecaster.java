package io.penstock.server.simulate;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.ledger.LedgerRow;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says how a decision goes: as it went where the record has the attempt, by estimate where not. One
 * per policy and scenario.
 */
final class Forecaster {
  private final Policy ran;
  private final Policy policy;
  private final Scenario scenario;
  private final WarmPrefixes prefixes = new WarmPrefixes();
  private final Typical typical;
  private final Unknowns unknowns;

  /**
   * Creates a forecaster.
   *
   * @param ran the policy whose prices are in the record
   * @param policy the policy whose prices count
   */
  Forecaster(Policy ran, Policy policy, Scenario scenario, Typical typical, Unknowns unknowns) {
    this.ran = ran;
    this.policy = policy;
    this.scenario = scenario;
    this.typical = typical;
    this.unknowns = unknowns;
  }

  /** Returns what the record says, at this policy's prices. */
  Outcome asRecorded(Recorded request) {
    Outcome happened = Outcome.of(request);
    long cost = happened.cost();
    for (LedgerRow row : request.rows()) {
      cost += repriced(row);
    }
    return new Outcome(happened.kind(), happened.where(), cost, happened.usage());
  }

  /** Returns what a row costs more at this policy's prices, nano-USD. */
  private long repriced(LedgerRow row) {
    String provider = row.destination().provider();
    String model = row.destination().model();
    if (row.money().cost() == 0) {
      return 0;
    }
    Policy.Target before = ran.directory().target(provider, model);
    Policy.Target now = policy.directory().target(provider, model);
    if (before == null || now == null || !before.price().isPriced() || !now.price().isPriced()) {
      return 0;
    }
    long at = row.times().reservedAt();
    return now.price().costNanos(row.usage(), at) - before.price().costNanos(row.usage(), at);
  }

  /** Returns how a choice that was not made would have gone. */
  Outcome predict(Recorded request, Choice choice) {
    Outcome decided = choice.outcome();
    if (decided != null) {
      return decided;
    }
    Plan plan = choice.plan();
    Candidate candidate = choice.first();
    if (plan == null || candidate == null) {
      return asRecorded(request);
    }
    long cost = 0;
    String last = candidate.target();
    Outcome weak = null;
    for (Candidate next = candidate; next != null; next = plan.next("")) {
      String target = next.target();
      last = target;
      List<LedgerRow> tries =
          request.tries().stream().filter(row -> Recorded.target(row).equals(target)).toList();
      if (tries.isEmpty()) {
        return estimate(request, next, choice.cap(), cost);
      }
      for (LedgerRow row : tries) {
        cost += row.money().cost() + repriced(row);
      }
      LedgerRow end = tries.getLast();
      if (Recorded.answered(end)) {
        return new Outcome(Outcome.Kind.ANSWERED, target, cost, end.usage());
      }
      if (Recorded.turnedDown(end)) {
        weak = new Outcome(Outcome.Kind.ANSWERED, target, 0, end.usage());
      }
      if (isClients(end.outcome().status())) {
        break;
      }
    }
    return weak == null
        ? new Outcome(Outcome.Kind.FAILED, last, cost, Usage.NONE)
        : new Outcome(weak.kind(), weak.where(), cost, weak.usage());
  }

  /** Whether another target would have said the same. */
  private static boolean isClients(int status) {
    return status >= 400
        && status < 500
        && status != 401
        && status != 403
        && status != 408
        && status != 429;
  }

  private Outcome estimate(Recorded request, Candidate candidate, long cap, long spent) {
    Policy.Target target =
        Objects.requireNonNull(policy.directory().target(candidate.provider(), candidate.model()));
    LedgerRow hit = request.withoutAttempt();
    if (hit != null && hit.money().saved() > 0 && Recorded.target(hit).equals(candidate.target())) {
      // The cache's row says what its answer had cost there.
      return new Outcome(
          Outcome.Kind.ANSWERED, candidate.target(), spent + hit.money().saved(), Usage.NONE);
    }
    long at = request.atMillis();
    Usage usage = target.price().billed(usage(request, candidate, target, cap), at);
    long cost = target.price().costNanos(usage, at);
    return new Outcome(Outcome.Kind.ANSWERED, candidate.target(), spent + cost, usage);
  }

  private Usage usage(Recorded request, Candidate candidate, Policy.Target target, long cap) {
    Usage known = request.question().usage();
    if (known == null) {
      unknowns.sizeless++;
      return typical.of(request.question().routed(), scenario);
    }
    if (!request.happened()) {
      return warmed(request, capped(known, cap), candidate.target(), target);
    }
    unknowns.elsewhere++;
    return scenario.elsewhere(known, alike(request, target), cap);
  }

  private static Usage capped(Usage usage, long cap) {
    long output = usage.of(Meter.OUTPUT);
    return cap < 0 || output <= cap ? usage : usage.toBuilder().set(Meter.OUTPUT, cap).build();
  }

  /** A shape of which nobody knows who answered: its tokens count as they are. */
  private Usage warmed(Recorded request, Usage known, String label, Policy.Target target) {
    long read = prefixes.read(label, request.question().blocks(), request.atMillis());
    if (read == 0 || target.price().rate(Meter.CACHE_READ, request.atMillis()) == null) {
      return known;
    }
    unknowns.prefixes++;
    if (scenario == Scenario.MOST) {
      return known;
    }
    long warm = Math.min(read, known.of(Meter.INPUT));
    return known.toBuilder()
        .set(Meter.INPUT, known.of(Meter.INPUT) - warm)
        .set(Meter.CACHE_READ, warm)
        .build();
  }

  private boolean alike(Recorded request, Policy.Target target) {
    for (LedgerRow row : request.tries()) {
      Policy.@Nullable Target recorded =
          ran.directory().target(row.destination().provider(), row.destination().model());
      if (recorded != null && recorded.catalogue().equals(target.catalogue())) {
        return true;
      }
    }
    return false;
  }
}
