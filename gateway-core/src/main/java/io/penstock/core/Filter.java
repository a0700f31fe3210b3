package io.penstock.core;

/**
 * One step of the request path. Implementations are shared by all exchanges and hold no
 * per-exchange state.
 */
@FunctionalInterface
public interface Filter<X extends Exchange> {
  /**
   * Looks at the exchange and says what happens next. Runs on the exchange's event loop and must
   * not block.
   *
   * @throws GatewayException to answer the client with that error; any other exception becomes an
   *     internal error
   */
  Step apply(X exchange);
}
