package io.penstock.bench;

/**
 * What is sent, how often and for how long.
 *
 * @param rate requests due per second, whatever the answers do
 * @param bodyBytes size of the request body
 */
record Load(Kind kind, int rate, int seconds, int connections, int bodyBytes, Client client) {
  /** Which requests. */
  enum Kind {
    /** No two bodies alike. */
    UNIQUE(false),
    /** One body again and again. */
    SAME(false),
    /** Streams, no two alike. */
    STREAM(true);

    final boolean streaming;

    Kind(boolean streaming) {
      this.streaming = streaming;
    }
  }

  Load(Kind kind, int rate, int seconds, int connections, int bodyBytes) {
    this(kind, rate, seconds, connections, bodyBytes, Client.BENCH);
  }

  Load as(Client other) {
    return new Load(kind, rate, seconds, connections, bodyBytes, other);
  }

  Pace pace() {
    return Pace.of(rate, seconds);
  }
}
