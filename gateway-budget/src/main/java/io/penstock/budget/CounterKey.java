package io.penstock.budget;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.UUID;

/**
 * What a charge is booked on: one budget, one subject, one window. Immutable; equal when the ids
 * are. There may be a million of one budget, so they share what they have in common.
 */
public final class CounterKey {
  /** What all counters of a budget have in common in one window. */
  record Series(String budget, int override, long start, long end) {
    private static final Series NAMELESS = new Series("", -1, 0, 0);

    boolean contains(long storeNow) {
      return storeNow >= start && storeNow < end;
    }
  }

  private final long high;
  private final long low;
  private final Series series;
  private final String subject;

  private CounterKey(long high, long low, Series series, String subject) {
    this.high = high;
    this.low = low;
    this.series = series;
    this.subject = subject;
  }

  /**
   * Returns the key that has this id, as the ledger or the store keeps it.
   *
   * @param id hash of everything that makes it another counter: also unit and dimensions, so that a
   *     budget whose meaning changed starts anew; the limit is not part of it
   * @param budget the budget's name
   * @param override index of the override that matched, or -1
   * @param subject whom it counts; {@code (none)} when absent, "" for a shared counter
   * @param windowStart epoch milliseconds
   * @param windowEnd epoch milliseconds, or {@link Long#MAX_VALUE} for {@code total}
   */
  public static CounterKey of(
      UUID id, String budget, int override, String subject, long windowStart, long windowEnd) {
    return new CounterKey(
        id.getMostSignificantBits(),
        id.getLeastSignificantBits(),
        new Series(budget, override, windowStart, windowEnd),
        subject);
  }

  static CounterKey of(
      String budget,
      int override,
      Limit.Unit unit,
      List<String> per,
      String subject,
      Window.Span w) {
    return of(new Series(budget, override, w.start(), w.end()), unit, per, subject);
  }

  static CounterKey of(Series series, Limit.Unit unit, List<String> per, String subject) {
    MessageDigest hash = Subjects.sha256();
    for (String part : List.of(series.budget, unit.name(), String.join("\n", per), subject)) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      hash.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
      hash.update(bytes);
    }
    hash.update(
        ByteBuffer.allocate(20)
            .putInt(series.override)
            .putLong(series.start)
            .putLong(series.end)
            .flip());
    ByteBuffer id = ByteBuffer.wrap(hash.digest());
    return new CounterKey(id.getLong(), id.getLong(), series, subject);
  }

  /** Returns something that equals the key of this id, to look it up. */
  static CounterKey probe(UUID id) {
    return new CounterKey(
        id.getMostSignificantBits(), id.getLeastSignificantBits(), Series.NAMELESS, "");
  }

  Series series() {
    return series;
  }

  /** Returns this key with the equal series that others have too. */
  CounterKey in(Series shared) {
    return new CounterKey(high, low, shared, subject);
  }

  /** Returns the hash of everything that makes this another counter. */
  public UUID id() {
    return new UUID(high, low);
  }

  /** Returns the budget's name. */
  public String budget() {
    return series.budget;
  }

  /** Returns the index of the override that matched, or -1. */
  public int override() {
    return series.override;
  }

  /** Returns whom it counts; {@code (none)} when absent, "" for a shared counter. */
  public String subject() {
    return subject;
  }

  /** Returns when its window starts, epoch milliseconds. */
  public long windowStart() {
    return series.start;
  }

  /** Returns when its window ends, epoch milliseconds; {@link Long#MAX_VALUE}: never. */
  public long windowEnd() {
    return series.end;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CounterKey k && k.high == high && k.low == low;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(low);
  }

  @Override
  public String toString() {
    return "%s/%d of '%s' from %d to %d (%s)"
        .formatted(series.budget, series.override, subject, series.start, series.end, id());
  }
}
