package io.penstock.server.upstream;

import io.penstock.core.FailureKind;

/**
 * Where a request on its way is: how long it may stay there without progress, and what it failed
 * with when it gets no further.
 */
enum UpstreamState {
  CONNECTING,
  /** It was sent, and nothing has come. */
  WAITING,
  /** The head was seen. */
  READING,
  DONE;

  /** Returns how long a request may be silent in this state, milliseconds. */
  long limitMillis(Timeouts timeouts) {
    return switch (this) {
      case CONNECTING -> timeouts.connect();
      case WAITING -> timeouts.firstByte();
      case READING, DONE -> timeouts.idle();
    };
  }

  /** Does the same for the state that may follow at any time, else for this one. */
  long nextLimitMillis(Timeouts timeouts) {
    // The head may come at once, and then the limit of silence counts.
    return this == WAITING ? timeouts.idle() : limitMillis(timeouts);
  }

  /** Fails a request whose connection was lost in this state. */
  void lost(UpstreamCall call) {
    switch (this) {
      case CONNECTING ->
          call.fail(FailureKind.CONNECT, "the connection was closed while connecting");
      case WAITING -> call.fail(FailureKind.RESET, "the connection was closed before an answer");
      case READING ->
          call.fail(FailureKind.CUT, "the connection was closed in the middle of an answer");
      case DONE -> {}
    }
  }

  /** Fails a request that was silent in this state for longer than it may be. */
  void late(UpstreamCall call, Timeouts timeouts) {
    long limit = limitMillis(timeouts);
    switch (this) {
      case CONNECTING -> call.fail(FailureKind.CONNECT, "no connection within " + limit + " ms");
      case WAITING ->
          call.fail(FailureKind.FIRST_BYTE_TIMEOUT, "no answer within " + limit + " ms");
      case READING, DONE -> call.fail(FailureKind.IDLE_TIMEOUT, "silent for " + limit + " ms");
    }
  }
}
