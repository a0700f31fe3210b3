package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import io.penstock.ledger.UsageSource;
import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What makes a line of its own, and its sums. */
final class FocusLine {
  /** What a line is for. */
  enum Kind {
    /** A meter of calls, or what no unit price explains of them. */
    CALLS,
    /** Answers out of the gateway's cache. */
    HITS,
    /** A part of a shared cost of a month. */
    SHARED,
    /** Takes out of a month that was closed what came later, because a later statement bills it. */
    LATER,
    /** What a statement bills of an earlier month that was closed. */
    CORRECTION;

    /** Returns whether the charge is for the whole month. */
    boolean isMonthly() {
      return this != CALLS && this != HITS;
    }
  }

  /**
   * What rows of one line have in common.
   *
   * @param day its first millisecond; of a monthly line the month's
   * @param meter null for what no unit price explains
   * @param source of the usage
   * @param reason why there is no unit price; "" with a meter
   */
  record Key(
      Kind kind,
      long day,
      Service service,
      @Nullable Meter meter,
      FocusRates.@Nullable Rate rate,
      String version,
      Owner owner,
      UsageSource source,
      String reason) {}

  /**
   * What was used.
   *
   * @param subcategory in the words of the specification
   */
  record Service(String provider, String model, String subcategory, String tier, String region) {
    /** The platform's own. */
    static final Service OURS = new Service("", "", FocusUnits.GENERATIVE, "standard", "");
  }

  /**
   * A part of a shared cost.
   *
   * @param ratio of the whole, 0..1
   * @param usage what it follows from, nano-USD
   */
  record Allocation(BigDecimal ratio, long usage) {}

  /** Who pays. */
  record Owner(String team, String key, String user, Map<String, String> tags) {
    /** Returns a whole team. */
    static Owner of(String team) {
      return new Owner(team, "", "", Map.of());
    }
  }

  private final Key key;
  private final @Nullable Allocation allocation;
  private long quantity;
  private long requests;
  private long avoided;
  private BigDecimal list = BigDecimal.ZERO;
  private BigDecimal contracted = BigDecimal.ZERO;

  FocusLine(Key key) {
    this(key, null);
  }

  /**
   * @param allocation null: no part of a shared cost
   */
  FocusLine(Key key, @Nullable Allocation allocation) {
    this.key = key;
    this.allocation = allocation;
  }

  /** Returns an amount that a team owes for a whole month, and that no call has. */
  static FocusLine monthly(
      Kind kind,
      long month,
      String team,
      String reason,
      BigDecimal usd,
      @Nullable Allocation allocation) {
    Owner owner = Owner.of(team);
    Key key = new Key(kind, month, Service.OURS, null, null, "", owner, UsageSource.NONE, reason);
    FocusLine line = new FocusLine(key, allocation);
    line.list = usd;
    line.contracted = usd;
    return line;
  }

  Key key() {
    return key;
  }

  long quantity() {
    return quantity;
  }

  long requests() {
    return requests;
  }

  /** Returns what the gateway avoided less what it caused, nano-USD. */
  long avoided() {
    return avoided;
  }

  @Nullable Allocation allocation() {
    return allocation;
  }

  BigDecimal list() {
    return list;
  }

  BigDecimal contracted() {
    return contracted;
  }

  void add(long count, BigDecimal listCost, BigDecimal contractedCost) {
    quantity += count;
    requests++;
    list = list.add(listCost);
    contracted = contracted.add(contractedCost);
  }

  void avoid(long nanos) {
    avoided = Math.addExact(avoided, nanos);
  }
}
