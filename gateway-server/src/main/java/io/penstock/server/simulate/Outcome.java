package io.penstock.server.simulate;

import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.LedgerRow;
import java.util.List;

/**
 * What became of a request.
 *
 * @param where the target that answered, the rule that refused, or the cache's layer
 * @param cost of all attempts, nano-USD
 * @param usage of the answer
 */
record Outcome(Kind kind, String where, long cost, Usage usage) {
  /** How it ended. */
  enum Kind {
    ANSWERED,
    CACHED,
    BLOCKED,
    FAILED
  }

  static Outcome blocked(String rule) {
    return new Outcome(Kind.BLOCKED, rule, 0, Usage.NONE);
  }

  static Outcome cached(String layer) {
    return new Outcome(Kind.CACHED, layer, 0, Usage.NONE);
  }

  /** Returns what the ledger says. */
  static Outcome of(Recorded request) {
    long cost = 0;
    for (LedgerRow row : request.rows()) {
      cost += row.money().cost();
    }
    LedgerRow apart = request.withoutAttempt();
    CacheOutcome cache = request.cache();
    if (apart != null && cache != null && cache.isHit()) {
      return new Outcome(
          Kind.CACHED, cache.name().toLowerCase(java.util.Locale.ROOT), cost, Usage.NONE);
    }
    if (apart != null && apart.outcome().status() >= 400) {
      String rule = apart.outcome().rule();
      return new Outcome(
          Kind.BLOCKED, rule.isEmpty() ? apart.outcome().error() : rule, cost, Usage.NONE);
    }
    LedgerRow answer = request.answer();
    if (answer != null) {
      return new Outcome(Kind.ANSWERED, Recorded.target(answer), cost, answer.usage());
    }
    List<LedgerRow> tries = request.tries();
    String last = tries.isEmpty() ? "" : Recorded.target(tries.getLast());
    return new Outcome(Kind.FAILED, last, cost, Usage.NONE);
  }
}
