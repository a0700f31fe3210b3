package io.penstock.server.call;

/**
 * Input tokens before anyone has counted them. The likely number is for conditions and expected
 * cost; the upper bound is for holds and is passed by no tokeniser: a byte-level BPE never yields
 * more tokens than UTF-8 bytes (finops.md 2.3).
 */
final class InputEstimate {
  private static final int LIKELY_BYTES_PER_TOKEN = 4;
  private static final long OVERHEAD = 64;

  private InputEstimate() {}

  static long likely(Call call) {
    return call.bytes().length / LIKELY_BYTES_PER_TOKEN + 1L;
  }

  static long upperBound(Call call) {
    return call.bytes().length + OVERHEAD;
  }
}
