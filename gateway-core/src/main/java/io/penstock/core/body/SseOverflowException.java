package io.penstock.core.body;

/** An event longer than {@link SseScanner#MAX_EVENT_BYTES}. Carries no stack trace. */
public final class SseOverflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SseOverflowException() {
    super("an SSE event is over " + SseScanner.MAX_EVENT_BYTES + " bytes", null, false, false);
  }
}
