package io.penstock.server.alerts;

/** Why a receiver was never told of an alert. */
public enum Undelivered {
  /** As many waited for that receiver as may. */
  NO_ROOM,
  /** Every try failed. */
  GAVE_UP,
  /** While it waited, its receiver was taken out of the configuration, or its kind out of it. */
  UNWANTED
}
