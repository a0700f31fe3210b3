package io.penstock.server.upstream;

/**
 * How long a provider may take, in milliseconds.
 *
 * @param connect TCP, proxy and TLS handshake together
 * @param firstByte from the request sent to the head of the answer
 * @param idle between two chunks of the answer
 * @param total from the start of the attempt to the end of its answer
 */
public record Timeouts(long connect, long firstByte, long idle, long total) {
  /** Returns these for an attempt whose call has no more than so many milliseconds left. */
  public Timeouts within(long leftMillis) {
    return leftMillis >= total
        ? this
        : new Timeouts(connect, firstByte, idle, Math.max(1, leftMillis));
  }
}
