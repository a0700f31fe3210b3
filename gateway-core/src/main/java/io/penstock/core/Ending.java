package io.penstock.core;

/** How an exchange ended. */
public enum Ending {
  /** The client has the whole answer. */
  COMPLETED,
  /** The gateway refused the request before anything went upstream. */
  REJECTED,
  /** The provider failed and no other target could answer. */
  UPSTREAM_FAILED,
  /** A deadline passed. */
  TIMED_OUT,
  /** The client left before its answer was complete. */
  CLIENT_GONE
}
