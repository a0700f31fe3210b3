package io.penstock.core.body;

/** An event that is too long, or for which there is no memory. Carries no stack trace. */
public final class SseOverflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean own;

  private SseOverflowException(String message, boolean own) {
    super(message, null, false, false);
    this.own = own;
  }

  /** Returns whether the gateway has no room for it, rather than that nobody would have. */
  public boolean isOwn() {
    return own;
  }

  static SseOverflowException tooLong() {
    return new SseOverflowException(
        "an SSE event is over " + SseScanner.MAX_EVENT_BYTES + " bytes", false);
  }

  static SseOverflowException noRoom(long length, long most) {
    return new SseOverflowException(
        "there is no room for an SSE event: it has over "
            + length
            + " bytes (expected: all that are read at once <= "
            + most
            + ")",
        true);
  }

  /**
   * There is no heap to read an event in.
   *
   * @param length of the event, bytes
   * @param takes what reading it takes, bytes
   */
  public static SseOverflowException noMemory(long length, long takes) {
    return new SseOverflowException(
        "there is no memory now to read an SSE event: its " + length + " bytes take " + takes,
        true);
  }
}
