package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import io.penstock.ledger.LedgerRow;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** The rates that a row was billed at, from the catalogue version that the row names. */
public interface FocusRates {
  /** Returns the rate of a meter, or null when that version had none. */
  @Nullable Rate of(LedgerRow row, Meter meter);

  /**
   * A unit price, USD.
   *
   * @param list before discounts
   * @param contracted after discounts
   * @param per how many counts it is for: 1,000,000 tokens
   * @param contextTier the step of the context-dependent price, "" for the base
   * @param hours the time of day that has this price, "" for the base
   */
  record Rate(BigDecimal list, BigDecimal contracted, int per, String contextTier, String hours) {}
}
