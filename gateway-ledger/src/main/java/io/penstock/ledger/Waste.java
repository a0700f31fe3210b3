package io.penstock.ledger;

/** Why the cost of an attempt bought nothing that the client could use. */
public enum Waste {
  /** It was of use, or it is the gateway's own overhead. */
  NONE,
  /** It failed and the same target was asked again. */
  RETRY,
  /** It failed and another target was asked. */
  FALLBACK,
  /** It failed and nothing else was left. */
  FAILED,
  /** The client left. */
  ABORTED,
  /** Another attempt answered first. */
  HEDGE,
  /** Its answer was not accepted. */
  CASCADE,
  /** The process died. */
  CRASH
}
