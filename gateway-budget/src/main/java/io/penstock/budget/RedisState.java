package io.penstock.budget;

import java.util.List;

/**
 * Where shared budgets live.
 *
 * @param uris one {@code redis://}, {@code rediss://} or {@code redis-sentinel://} address with its
 *     user, password and database; or several: nodes of a Cluster, of which one has to answer
 * @param namespace before every key
 * @param outage what a replica does while Redis is away
 */
public record RedisState(List<String> uris, String namespace, Outage outage) {
  public RedisState {
    uris = List.copyOf(uris);
    if (uris.isEmpty()) {
      throw new IllegalArgumentException("state.redis: no address (expected: at least one)");
    }
  }

  /** Returns whether a Redis may be at that address. */
  public static boolean isAddress(String address) {
    try {
      RedisAddress.parse(address);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Returns the prefix of every key; one hash tag keeps them together on a Cluster. */
  String prefix() {
    return "{" + namespace + "}:p1";
  }

  /** Addresses may hold a password. */
  @Override
  public String toString() {
    return "RedisState[namespace=" + namespace + ", outage=" + outage + "]";
  }
}
