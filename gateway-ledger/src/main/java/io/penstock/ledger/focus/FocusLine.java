package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What makes a line of its own, and its sums. */
final class FocusLine {
  /**
   * What rows of one line have in common.
   *
   * @param meter null for what no unit price explains
   * @param reason why there is no unit price; "" with a meter
   */
  record Key(
      long day,
      String provider,
      String model,
      @Nullable Meter meter,
      String tier,
      String region,
      FocusRates.@Nullable Rate rate,
      String version,
      Owner owner,
      String source,
      String reason) {
    /** Returns whether the line counts answers out of the gateway's cache. */
    boolean isHits() {
      return reason.equals(FocusLines.HITS);
    }
  }

  /**
   * A part of a shared cost.
   *
   * @param ratio of the whole, 0..1
   * @param usage what it follows from, nano-USD
   */
  record Allocation(BigDecimal ratio, long usage) {}

  /** Who pays. */
  record Owner(String team, String key, String user, Map<String, String> tags) {}

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

  /** Adds a cost that no request has. */
  void charge(BigDecimal cost) {
    list = list.add(cost);
    contracted = contracted.add(cost);
  }
}
