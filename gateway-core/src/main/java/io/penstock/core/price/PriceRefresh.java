package io.penstock.core.price;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Whether a newer catalogue may replace the one in use. A well-formed file can still be wrong: a
 * slipped decimal point would empty budgets or overrun them, so what jumps is refused and the old
 * prices stay.
 */
public final class PriceRefresh {
  private static final BigDecimal MAX_FACTOR = BigDecimal.TEN;
  private static final int MAX_LOST_PERCENT = 20;

  private PriceRefresh() {}

  /**
   * Returns why the candidate is refused, each with path, values and expectation; empty when it may
   * be used. Compares the rates of standard conditions at that time.
   */
  public static List<String> problems(PriceBook current, PriceBook candidate, long epochMillis) {
    List<String> problems = new ArrayList<>();
    for (String provider : current.providers()) {
      Collection<String> models = current.models(provider);
      int lost = 0;
      for (String model : models) {
        PricedModel after = candidate.known(provider, model);
        PricedModel before = current.known(provider, model);
        if (after == null || before == null) {
          lost++;
        } else {
          jumps(provider + "/" + model, before, after, epochMillis, problems);
        }
      }
      if (lost * 100 > models.size() * MAX_LOST_PERCENT) {
        problems.add(
            "models of %s: %d of %d are missing (expected: at most %d %%)"
                .formatted(provider, lost, models.size(), MAX_LOST_PERCENT));
      }
    }
    return problems;
  }

  private static void jumps(
      String label,
      PricedModel before,
      PricedModel after,
      long epochMillis,
      List<String> problems) {
    for (Meter meter : Meter.values()) {
      BigDecimal old = before.rate(meter, epochMillis);
      BigDecimal now = after.rate(meter, epochMillis);
      if (old == null || old.signum() == 0) {
        continue;
      }
      String path = label + "." + meter.label() + ": ";
      if (now == null) {
        problems.add(path + "no rate (expected: one, it was " + old.toPlainString() + ")");
      } else if (now.compareTo(old.multiply(MAX_FACTOR)) > 0
          || now.multiply(MAX_FACTOR).compareTo(old) < 0) {
        problems.add(
            path
                + now.toPlainString()
                + " (expected: within a factor of 10 of "
                + old.toPlainString()
                + ")");
      }
    }
  }
}
