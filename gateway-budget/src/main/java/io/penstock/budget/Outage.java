package io.penstock.budget;

/** What a replica does with new calls while the shared store is away: {@code on_outage}. */
public enum Outage {
  /** Spends what it has been granted, then refuses with 503. */
  SHARE,
  /** Refuses with 503. */
  DENY,
  /** Lets everything through, counted: nothing bounds the overspend. */
  ALLOW
}
