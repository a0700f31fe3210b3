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
      String reason) {}

  /** Who pays. */
  record Owner(String team, String key, String user, Map<String, String> tags) {}

  private final Key key;
  private long quantity;
  private long requests;
  private BigDecimal list = BigDecimal.ZERO;
  private BigDecimal contracted = BigDecimal.ZERO;

  FocusLine(Key key) {
    this.key = key;
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
}
