package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.price.Usage;
import io.penstock.ledger.LedgerRow;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns rows into lines: one per day, model, meter, rate and owner. The ledger rounds each attempt
 * to nano-USD and unit prices do not, so the difference is a line of its own per day and owner;
 * what no unit price explains (calls lost in a crash, corrections, costs that a provider reported)
 * too. So the lines sum to the ledger exactly. Rows come in the order of their ends and no line is
 * of two days, so only the lines of one day are held: a month of a large ledger has a million.
 */
final class FocusLines {
  private static final long DAY_MILLIS = 86_400_000;
  private static final BigDecimal HALF_NANO = new BigDecimal("0.0000000005");
  private static final String ROUNDING = "rounding to nano-USD";

  private static final String HITS = "gateway cache hits";
  private static final String FREE = "not billed";

  private final FocusRates rates;
  private final boolean hits;
  private final Consumer<FocusLine> out;
  private final Map<FocusLine.Key, FocusLine> lines = new LinkedHashMap<>();
  private long day = Long.MIN_VALUE;

  /**
   * @param hits whether answers out of the gateway's cache have lines; a provider bills none
   * @param out gets the lines of a day when that day is over
   */
  FocusLines(FocusRates rates, boolean hits, Consumer<FocusLine> out) {
    this.rates = rates;
    this.hits = hits;
    this.out = out;
  }

  /** Passes the lines of the last day. */
  void end() {
    lines.values().forEach(out);
    lines.clear();
  }

  private static long day(LedgerRow row) {
    return Math.floorDiv(row.times().endedAt(), DAY_MILLIS) * DAY_MILLIS;
  }

  void add(LedgerRow row) {
    if (day(row) != day) {
      end();
      day = day(row);
    }
    long avoided = row.money().saved() - row.money().premium();
    if (row.money().cost() != 0 || row.money().list() != 0) {
      charge(row).avoid(avoided);
    } else if (row.outcome().cache().isHit()) {
      if (hits) {
        unbilled(row, HITS).avoid(avoided);
      }
    } else if (avoided != 0) {
      unbilled(row, FREE).avoid(avoided); // a target that costs nothing, instead of one that does
    }
  }

  private FocusLine unbilled(LedgerRow row, String reason) {
    FocusLine line = line(row, null, null, reason);
    line.add(1, BigDecimal.ZERO, BigDecimal.ZERO);
    return line;
  }

  /** Adds what a row cost, and returns one of its lines. */
  private FocusLine charge(LedgerRow row) {
    BigDecimal list = BigDecimal.ZERO;
    BigDecimal contracted = BigDecimal.ZERO;
    FocusLine one = null;
    for (Meter meter : Meter.values()) {
      long quantity = row.usage().of(meter);
      FocusRates.Rate rate = quantity == 0 ? null : rates.of(row, meter);
      if (rate != null) {
        BigDecimal units = FocusUnits.units(quantity, rate.per());
        BigDecimal listCost = FocusUnits.scaled(rate.list().multiply(units));
        BigDecimal contractedCost = FocusUnits.scaled(rate.contracted().multiply(units));
        one = line(row, meter, rate, "");
        one.add(quantity, listCost, contractedCost);
        list = list.add(listCost);
        contracted = contracted.add(contractedCost);
      }
    }
    BigDecimal listRest = NanoUsd.toUsd(row.money().list()).subtract(list);
    BigDecimal rest = NanoUsd.toUsd(row.money().cost()).subtract(contracted);
    if (one == null || rest.signum() != 0 || listRest.signum() != 0) {
      boolean rounding =
          rest.abs().compareTo(HALF_NANO) <= 0 && listRest.abs().compareTo(HALF_NANO) <= 0;
      String reason = rounding ? ROUNDING : row.attempt().cause().name().toLowerCase(Locale.ROOT);
      FocusLine line = line(row, null, null, reason);
      line.add(0, listRest, rest);
      return one == null ? line : one;
    }
    return one;
  }

  private FocusLine line(
      LedgerRow row, @Nullable Meter meter, FocusRates.@Nullable Rate rate, String reason) {
    boolean hit = reason.equals(HITS);
    FocusLine.Owner owner =
        new FocusLine.Owner(
            row.caller().team(), row.caller().key(), row.caller().user(), row.caller().metadata());
    FocusLine.Key key =
        new FocusLine.Key(
            hit ? FocusLine.Kind.HITS : FocusLine.Kind.CALLS,
            day,
            service(row, reason),
            meter,
            rate,
            hit || reason.equals(ROUNDING) ? "" : row.money().priceVersion(),
            owner,
            row.usageSource(),
            reason);
    return lines.computeIfAbsent(key, FocusLine::new);
  }

  private static FocusLine.Service service(LedgerRow row, String reason) {
    String provider = row.destination().provider();
    if (reason.equals(HITS)) {
      return FocusLine.Service.OURS;
    }
    if (reason.equals(ROUNDING)) { // no model's own
      return new FocusLine.Service(provider, "", FocusUnits.GENERATIVE, "standard", "");
    }
    Usage usage = row.usage();
    return new FocusLine.Service(
        provider,
        row.destination().model(),
        FocusUnits.subcategory(row.destination().endpoint()),
        usage.serviceTier() == null ? "standard" : usage.serviceTier(),
        usage.region() == null ? "" : usage.region());
  }
}
