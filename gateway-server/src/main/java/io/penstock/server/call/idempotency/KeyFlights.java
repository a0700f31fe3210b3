package io.penstock.server.call.idempotency;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The calls with an idempotency key that are under way in this process. The first of a key speaks
 * for it only once it is decided that the key is its own: until other replicas have been asked, its
 * body is not what a later one is measured by. Thread-safe.
 */
final class KeyFlights {
  private final ConcurrentHashMap<String, Flight> flights = new ConcurrentHashMap<>();

  /**
   * Where a call stands.
   *
   * @param isFirst whether it is to make the call, and to {@link #land} the flight
   */
  record Place(Flight flight, boolean isFirst) {}

  /** The first call of a key. */
  static final class Flight {
    private final String body;

    /** True: the key is this body's. False: it ended before anybody knew. */
    private final CompletableFuture<Boolean> decision = new CompletableFuture<>();

    private final CompletableFuture<Idempotency.@Nullable Stored> answer =
        new CompletableFuture<>();

    private Flight(String body) {
      this.body = body;
    }

    /** Returns the digest of what it asks. */
    String body() {
      return body;
    }

    /** The key is this body's: made here, or known elsewhere by the same. */
    void decided() {
      decision.complete(true);
    }

    /**
     * Returns the answer for a call that comes later; null: it is to {@link #enter} again.
     *
     * @throws GatewayException 409 when the key is another body's
     */
    CompletableFuture<Idempotency.@Nullable Stored> heardBy(String later) {
      if (body.equals(later)) {
        return answer;
      }
      if (decision.getNow(false)) {
        requireSame(body, later);
      }
      return decision.thenApply(done -> null);
    }
  }

  /** Joins the flight of that key, or begins one. */
  Place enter(String key, String body) {
    Flight mine = new Flight(body);
    Flight other = flights.putIfAbsent(key, mine);
    return other == null ? new Place(mine, true) : new Place(other, false);
  }

  /** Ends a flight, once or again: whoever waits is told; null when there is no answer. */
  void land(String key, Flight flight, Idempotency.@Nullable Stored stored) {
    flights.remove(key, flight);
    flight.answer.complete(stored);
    flight.decision.complete(false);
  }

  /**
   * Refuses what is not the same.
   *
   * @throws GatewayException 409
   */
  static void requireSame(String one, String other) {
    if (!one.equals(other)) {
      throw new GatewayException(
          ErrorCode.IDEMPOTENCY_CONFLICT,
          "This Idempotency-Key was used with another request; use a new one.");
    }
  }
}
