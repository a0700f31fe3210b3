package io.penstock.budget;

/** What happens to a call that does not fit in a budget any more. */
public sealed interface Over {
  /** 402. */
  Over DENY = new Deny();

  /** Counted and alerted, never refused. */
  Over WARN = new Warn();

  /** See {@link #DENY}. */
  record Deny() implements Over {}

  /** See {@link #WARN}. */
  record Warn() implements Over {}

  /**
   * The call is sent to another model, once; on that pass this budget counts and does not refuse.
   *
   * @param model the name to ask for instead
   * @param denyAtPercent share of the limit at which redirected calls are refused too; 0: never
   */
  record Use(String model, int denyAtPercent) implements Over {}
}
