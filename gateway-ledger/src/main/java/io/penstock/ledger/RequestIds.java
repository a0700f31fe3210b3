package io.penstock.ledger;

import io.penstock.core.Ticker;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Makes request ids: UUIDs of version 7 (RFC 9562) whose last ten bits are free for the number of
 * the attempt. So the rows of a request are neighbours in the ledger's primary key, and no second
 * index is needed to find them. Confined to one thread.
 */
public final class RequestIds {
  /** The largest attempt number. */
  public static final int MAX_ATTEMPT = 1023;

  private static final long VERSION_7 = 0x7000L;
  private static final long VARIANT = 0x8000_0000_0000_0000L;
  private static final long RANDOM_LOW = 0x3FFF_FFFF_FFFF_FC00L;

  private final Ticker ticker;
  private final RandomGenerator random;

  /** Creates a source; the generator must be seeded differently in each process and thread. */
  public RequestIds(Ticker ticker, RandomGenerator random) {
    this.ticker = ticker;
    this.random = random;
  }

  /** Returns a new request id. */
  public UUID next() {
    return of(ticker.epochMillis(), random.nextLong(), random.nextLong());
  }

  /** Returns the id that a name has at that time: the same for whoever asks. */
  public static UUID named(long epochMillis, String name) {
    UUID hash = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    // The hash's own version and variant stand where few bits are taken from.
    return of(epochMillis, hash.getLeastSignificantBits() << 4, hash.getMostSignificantBits());
  }

  static UUID of(long epochMillis, long randomHigh, long randomLow) {
    long high = (epochMillis << 16) | VERSION_7 | (randomHigh >>> 52);
    return new UUID(high, VARIANT | (randomLow & RANDOM_LOW));
  }

  /** Returns when a request id was made, epoch milliseconds. */
  public static long millis(UUID request) {
    return request.getMostSignificantBits() >>> 16;
  }

  /** Returns the smallest id of that millisecond: a bound for searches by time. */
  static UUID floor(long epochMillis) {
    return of(epochMillis, 0, 0);
  }

  /** Returns the id of an attempt's row. */
  public static UUID row(UUID request, int attempt) {
    if (attempt < 0 || attempt > MAX_ATTEMPT) {
      throw new IllegalArgumentException(
          "attempt: " + attempt + " (expected: 0 to " + MAX_ATTEMPT + ")");
    }
    return new UUID(request.getMostSignificantBits(), request.getLeastSignificantBits() | attempt);
  }

  /** Returns the request of a row with that attempt number. */
  static UUID request(UUID row, int attempt) {
    return new UUID(row.getMostSignificantBits(), row.getLeastSignificantBits() & ~(long) attempt);
  }
}
