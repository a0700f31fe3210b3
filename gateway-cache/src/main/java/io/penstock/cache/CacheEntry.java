package io.penstock.cache;

import io.penstock.core.Endpoint;
import io.penstock.core.price.Usage;
import java.util.List;

/**
 * A stored answer. Immutable by agreement: the body is shared, so whoever reads it must not write
 * to it.
 */
public final class CacheEntry {
  private final Identity identity;
  private final Origin origin;
  private final Paid paid;
  private final Life life;
  private final byte[] body;

  /**
   * Creates an entry.
   *
   * @param body the unary answer in the client's dialect; handed over
   */
  public CacheEntry(Identity identity, Origin origin, Paid paid, Life life, byte[] body) {
    this.identity = identity;
    this.origin = origin;
    this.paid = paid;
    this.life = life;
    this.body = body;
  }

  /**
   * What the entry answers.
   *
   * @param model the name asked for
   */
  public record Identity(CacheKey key, CacheScope scope, Endpoint endpoint, String model) {}

  /**
   * Who asked first, for invalidation.
   *
   * @param tags free words, at most a few
   */
  public record Origin(String team, String app, List<String> tags) {
    public Origin {
      tags = List.copyOf(tags);
    }
  }

  /**
   * Who made the answer and what it cost: what a hit saves.
   *
   * @param provider the configured provider's name
   * @param model the upstream model
   * @param costNanos nano-USD
   * @param leftOut the fields of the request that were left out, as a header says them, or ""
   */
  public record Paid(String provider, String model, Usage usage, long costNanos, String leftOut) {
    /** Describes an answer to the whole request. */
    public Paid(String provider, String model, Usage usage, long costNanos) {
      this(provider, model, usage, costNanos, "");
    }
  }

  /**
   * When it was made and until when it may be served, epoch milliseconds. A hit never changes it.
   */
  public record Life(long createdMillis, long expiresMillis) {
    /** Returns the life of an entry made now; a time to live beyond range means forever. */
    public static Life of(long nowMillis, long ttlMillis) {
      long end = nowMillis + ttlMillis;
      return new Life(nowMillis, end < nowMillis ? Long.MAX_VALUE : end);
    }
  }

  public Identity identity() {
    return identity;
  }

  public Origin origin() {
    return origin;
  }

  public Paid paid() {
    return paid;
  }

  public Life life() {
    return life;
  }

  /** Returns the unary answer in the client's dialect; read only. */
  public byte[] body() {
    return body;
  }

  /** Returns the id in the admin API and in the ledger. */
  public String id() {
    return identity.key().id();
  }

  /** Returns the age in milliseconds, for the header. */
  public long ageMillis(long nowMillis) {
    return Math.max(0, nowMillis - life.createdMillis());
  }

  /** Returns whether it may be served now under a rule whose time to live is this. */
  public boolean isServable(long nowMillis, long maxAgeMillis) {
    return nowMillis < life.expiresMillis() && ageMillis(nowMillis) < maxAgeMillis;
  }

  @Override
  public String toString() {
    return "CacheEntry{" + identity + ' ' + life + ' ' + body.length + " bytes}";
  }
}
