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

  /** Bit per counter: counted even if it does not fit. Beyond 64 only those that just warn are. */
  final long forced;

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

  Call(Counter[] counters, RateMeter[] meters, long boundMeters, long forced, Ask ask, long at) {
    this.counters = counters;
    this.meters = meters;
    this.boundMeters = boundMeters;
    this.forced = forced;
    this.nanos = ask.nanos();
    this.tokens = ask.tokens();
    this.likelyTokens = ask.likelyTokens();
    this.whole = smallerThan(likelyTokens, meters);
    this.at = at;
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
    return i < 64 ? (forced >>> i & 1) != 0 : counters[i].rule.isWarning();
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
