package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.price.Usage;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns rows into lines: one per day, model, meter, rate and owner. The ledger rounds each attempt
 * to nano-USD and unit prices do not, so the difference is a line of its own per day and owner;
 * what no unit price explains (calls lost in a crash, corrections, costs that a provider reported)
 * too. So the lines sum to the ledger exactly.
 */
final class FocusLines {
  private static final long DAY_MILLIS = 86_400_000;
  private static final BigDecimal HALF_NANO = new BigDecimal("0.0000000005");
  static final String ROUNDING = "rounding to nano-USD";

  private final FocusRates rates;
  private final Map<FocusLine.Key, FocusLine> lines = new LinkedHashMap<>();

  FocusLines(FocusRates rates) {
    this.rates = rates;
  }

  Collection<FocusLine> lines() {
    return lines.values();
  }

  void add(LedgerRow row) {
    if (row.money().cost() == 0 && row.money().list() == 0) {
      return; // refusals and the gateway's own cache hits cost nothing at the provider
    }
    BigDecimal list = BigDecimal.ZERO;
    BigDecimal contracted = BigDecimal.ZERO;
    for (Meter meter : Meter.values()) {
      long quantity = row.usage().of(meter);
      FocusRates.Rate rate = quantity == 0 ? null : rates.of(row, meter);
      if (rate != null) {
        BigDecimal units = units(quantity, rate.per());
        BigDecimal listCost = rate.list().multiply(units);
        BigDecimal contractedCost = rate.contracted().multiply(units);
        line(row, meter, rate, "").add(quantity, listCost, contractedCost);
        list = list.add(listCost);
        contracted = contracted.add(contractedCost);
      }
    }
    BigDecimal listRest = NanoUsd.toUsd(row.money().list()).subtract(list);
    BigDecimal rest = NanoUsd.toUsd(row.money().cost()).subtract(contracted);
    if (rest.signum() != 0 || listRest.signum() != 0) {
      boolean rounding =
          rest.abs().compareTo(HALF_NANO) <= 0 && listRest.abs().compareTo(HALF_NANO) <= 0;
      String reason = rounding ? ROUNDING : row.attempt().cause().name().toLowerCase(Locale.ROOT);
      line(row, null, null, reason).add(0, listRest, rest);
    }
  }

  /** Returns quantity / per, exactly: per divides a power of ten, or is 3,600 seconds. */
  static BigDecimal units(long quantity, int per) {
    return BigDecimal.valueOf(quantity).divide(BigDecimal.valueOf(per), MathContext.DECIMAL128);
  }

  private FocusLine line(
      LedgerRow row, @Nullable Meter meter, FocusRates.@Nullable Rate rate, String reason) {
    Usage usage = row.usage();
    boolean rounding = reason.equals(ROUNDING);
    FocusLine.Owner owner =
        new FocusLine.Owner(
            row.caller().team(), row.caller().key(), row.caller().user(), row.caller().metadata());
    FocusLine.Key key =
        new FocusLine.Key(
            Math.floorDiv(row.times().endedAt(), DAY_MILLIS) * DAY_MILLIS,
            row.destination().provider(),
            rounding ? "" : row.destination().model(),
            meter,
            rounding || usage.serviceTier() == null ? "standard" : usage.serviceTier(),
            rounding || usage.region() == null ? "" : usage.region(),
            rate,
            rounding ? "" : row.money().priceVersion(),
            owner,
            row.usageSource() == UsageSource.ESTIMATED ? "estimated" : "reported",
            reason);
    return lines.computeIfAbsent(key, FocusLine::new);
  }
}
