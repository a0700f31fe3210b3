package io.penstock.server.call;

import io.penstock.server.targets.TargetRuntime;

/**
 * Bytes of a client's stream, for those who follow it.
 *
 * @param target which answers
 * @param leftOut the fields of the request that it could not take, as a header says them, or ""
 * @param bytes not to be written to
 */
public record StreamPiece(TargetRuntime target, String leftOut, byte[] bytes) {
  /** What a piece takes beside its bytes, in a flight, or in a connection that is written to. */
  private static final int EACH_BYTES = 128;

  /** Returns the bytes of memory that it takes: of a small one more than it has. */
  public int weight() {
    return EACH_BYTES + bytes.length;
  }
}
