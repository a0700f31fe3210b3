package io.penstock.ledger;

/** Where a row's usage comes from. */
public enum UsageSource {
  /** Nothing was consumed. */
  NONE,
  /** The provider said so. */
  REPORTED,
  /** Counted by the gateway, or taken at its bound, because the provider did not say. */
  ESTIMATED,
  /** A provider's export or invoice, after the fact. */
  RECONCILED
}
