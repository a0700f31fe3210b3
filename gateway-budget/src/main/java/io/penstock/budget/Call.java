package io.penstock.budget;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt, or its extension, wants to take in one step. Belongs to the caller until it is
 * queued, then to the replica's lock.
 */
final class Call {
  final Counter[] counters;
  final RateMeter[] meters;
  final long nanos;
  final long tokens;
  private final long likelyTokens;

  /** The limits of meters when this was made, if one of them is below what it likely uses. */
  private final long @Nullable [] whole;

  /** Bit per counter: counted even if it does not fit. Null: none is, which allocates nothing. */
  private final long @Nullable [] forced;

  /** Index of the counter whose budget sent this call to another model; -1: none did. */
  private final int redirecting;

  /** Whether meters that have the same index bit are those of a target. */
  final long boundMeters;

  /** Store time at which it was made; decides the windows. */
  final long at;

  /** It went through while the store was away, and took nothing of its meters. */
  boolean unmetered;

  long giveUpAt;
  long retryAt;
  private @Nullable Consumer<Verdict> then;
  private @Nullable Reservation grows;

  Call(Counter[] counters, RateMeter[] meters, long boundMeters, Ask ask, long at) {
    this.counters = counters;
    this.meters = meters;
    this.boundMeters = boundMeters;
    this.redirecting = redirecting(counters, ask.redirectedBy());
    this.forced = forced(counters, redirecting);
    this.nanos = ask.nanos();
    this.tokens = ask.tokens();
    this.likelyTokens = ask.likelyTokens();
    this.whole = smallerThan(likelyTokens, meters);
    this.at = at;
  }

  private static int redirecting(Counter[] counters, String budget) {
    for (int i = 0; i < counters.length && !budget.isEmpty(); i++) {
      Rule rule = counters[i].rule;
      if (rule.terms().over() instanceof Over.Use && rule.shape.name().equals(budget)) {
        return i;
      }
    }
    return -1;
  }

  /** Decided once: what is taken of a counter, and what is asked of the store, must agree. */
  private static long @Nullable [] forced(Counter[] counters, int redirecting) {
    long[] bits = null;
    for (int i = 0; i < counters.length; i++) {
      Rule rule = counters[i].rule;
      boolean endless = i == redirecting && rule.terms().redirectedMost() == Long.MAX_VALUE;
      if (endless || rule.isWarning()) {
        bits = bits == null ? new long[(counters.length + 63) / 64] : bits;
        bits[i / 64] |= 1L << i;
      }
    }
    return bits;
  }

  /** Kept, because what a reload changes meanwhile must not change what was taken. */
  private static long @Nullable [] smallerThan(long likely, RateMeter[] meters) {
    for (RateMeter meter : meters) {
      if (meter.tokens && meter.limit() < likely) {
        return Arrays.stream(meters).mapToLong(RateMeter::limit).toArray();
      }
    }
    return null;
  }

  /** Makes this the extension of a reservation. */
  Call growing(Reservation reservation) {
    grows = reservation;
    return this;
  }

  @Nullable Reservation grows() {
    return grows;
  }

  void then(Consumer<Verdict> consumer) {
    then = consumer;
  }

  void complete(Verdict verdict) {
    Consumer<Verdict> consumer = then;
    if (consumer != null) {
      consumer.accept(verdict);
    }
  }

  boolean isForced(int i) {
    return forced != null && (forced[i / 64] >>> i & 1) != 0;
  }

  /** Whether that counter's budget sent this call to another model. */
  boolean isRedirecting(int i) {
    return redirecting == i;
  }

  /** Returns the budget that sent this call to another model, "" when none did. */
  String redirectedBy() {
    return redirecting < 0 ? "" : counters[redirecting].rule.shape.name();
  }

  /** Returns what spent + held of one of its counters may reach in this call. */
  long most(Counter counter) {
    Rule.Terms terms = counter.rule.terms();
    return redirecting >= 0 && counters[redirecting] == counter
        ? terms.redirectedMost()
        : terms.limit();
  }

  /** Returns the same, or {@link Long#MAX_VALUE} where passing it refuses nobody. */
  long refusesAt(Counter counter) {
    return switch (counter.rule.terms().over()) {
      case Over.Warn warn -> Long.MAX_VALUE;
      case Over.Use use when redirecting < 0 -> Long.MAX_VALUE;
      case Over.Use use -> most(counter);
      case Over.Deny deny -> most(counter);
    };
  }

  long amount(Counter counter) {
    return switch (counter.rule.shape.unit()) {
      case NANO_USD -> nanos;
      case TOKENS -> tokens;
      case PERMITS -> grows == null ? 1 : 0;
    };
  }

  /** Returns what is taken of a meter, by its index: of one that is smaller all that there is. */
  long metered(int i) {
    if (!meters[i].tokens) {
      return grows == null ? 1 : 0;
    }
    return whole == null ? likelyTokens : Math.min(likelyTokens, whole[i]);
  }
}
