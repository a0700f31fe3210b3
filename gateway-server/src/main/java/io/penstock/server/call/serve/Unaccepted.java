package io.penstock.server.call.serve;

/**
 * An answer that a cascade turned down, kept until a better one is there. One of the two is run,
 * once, on the call's loop.
 *
 * @param serve gives it to the client after all: no other tier could answer
 * @param forget releases it
 */
record Unaccepted(Runnable serve, Runnable forget) {
  /** Gives it to the client; releases it where that fails. */
  void serveAfterAll() {
    try {
      serve.run();
    } catch (RuntimeException | Error e) {
      forget.run();
      throw e;
    }
  }
}
