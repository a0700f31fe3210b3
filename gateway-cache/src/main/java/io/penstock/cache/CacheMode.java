package io.penstock.cache;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import org.jspecify.annotations.Nullable;

/** What a client asked for with {@code X-Penstock-Cache}. */
public enum CacheMode {
  /** No header: read and stored. */
  USE(true, true),
  /** Neither read nor stored. */
  OFF(false, false),
  /** Read only. */
  NO_STORE(true, false),
  /** Stored only. */
  REFRESH(false, true),
  /** A hit, or 504 with nothing upstream. */
  ONLY(true, false);

  private final boolean reads;
  private final boolean stores;

  CacheMode(boolean reads, boolean stores) {
    this.reads = reads;
    this.stores = stores;
  }

  /** Returns whether the cache is looked into; only such requests join a single flight. */
  public boolean reads() {
    return reads;
  }

  /** Returns whether an answer may be stored. */
  public boolean stores() {
    return stores;
  }

  /**
   * Returns the mode of a header value; null or empty is {@link #USE}.
   *
   * @throws GatewayException 400 for a word that means nothing
   */
  public static CacheMode parse(@Nullable String header) {
    String word = header == null ? "" : header.strip();
    return switch (word) {
      case "" -> USE;
      case "off" -> OFF;
      case "no-store" -> NO_STORE;
      case "refresh" -> REFRESH;
      case "only" -> ONLY;
      default ->
          throw new GatewayException(
              ErrorCode.INVALID_REQUEST,
              "X-Penstock-Cache: " + word + " (expected: off, no-store, refresh or only)",
              "X-Penstock-Cache",
              GatewayException.NO_RETRY_AFTER);
    };
  }
}
