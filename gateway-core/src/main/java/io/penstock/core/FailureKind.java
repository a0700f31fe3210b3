package io.penstock.core;

/**
 * What went wrong upstream, in one vocabulary for every provider. Routing decides by it whether to
 * retry, to fall back or to tell the client.
 */
public enum FailureKind {
  /**
   * The client's request is wrong (400, 404, 413, 422): the provider's own message comes through.
   */
  BAD_REQUEST,
  /** The prompt is longer than this model's context. */
  CONTEXT_LENGTH,
  /** The provider refused the content. */
  CONTENT_POLICY,
  /** Our credential is bad (401, 403): a 502 for the client, the key is set aside. */
  CREDENTIALS,
  /**
   * What the client names is not this key's, such as a file of another account (403): another key
   * may have it. Else the provider's own message comes through; nothing is set aside.
   */
  FORBIDDEN,
  /** 429: this key or account is over the provider's rate. */
  RATE_LIMITED,
  /** 429 or 402: this account's money or quota is used up; waiting does not help. */
  QUOTA,
  /** A redirect, which is never followed: the operator has not set where the provider is. */
  REDIRECTED,
  /** 408 or a 5xx. */
  SERVER_ERROR,
  /** 503 or 529: overloaded. */
  OVERLOADED,
  /** No connection: refused, DNS, TLS, time-out while connecting. */
  CONNECT,
  /** Connected, then closed or reset before the answer's head. */
  RESET,
  /** Nothing within the first-byte time-out. */
  FIRST_BYTE_TIMEOUT,
  /** Headers, but no content within the route's first-token time-out. */
  FIRST_TOKEN_TIMEOUT,
  /** Silence between two chunks. */
  IDLE_TIMEOUT,
  /** The total time is over. */
  TOTAL_TIMEOUT,
  /** The stream ended or broke before its finish. */
  CUT,
  /** Not the protocol: garbage, truncated JSON, wrong content type, an event over the limit. */
  MALFORMED,
  /**
   * A whole answer for which the gateway has no memory: it is paid, and would be as large at
   * another target.
   */
  TOO_LARGE,
  /**
   * The gateway has no file descriptor left to connect with: it says nothing of the provider, and
   * would be so for another target.
   */
  NO_SOCKET,
  /**
   * The gateway has no memory left to write or read with outside its heap: it says nothing of the
   * provider, who may have answered, and would be so for another target.
   */
  NO_BUFFER,
  /**
   * A whole answer that cannot be told in the client's dialect, such as one that stops with a
   * malformed tool call: it is paid, and the target is well.
   */
  UNTRANSLATABLE;

  /**
   * Returns whether the gateway gave up waiting, so that the time it waited tells how slow it is.
   */
  public boolean isSilence() {
    return this == FIRST_BYTE_TIMEOUT
        || this == FIRST_TOKEN_TIMEOUT
        || this == IDLE_TIMEOUT
        || this == TOTAL_TIMEOUT;
  }

  /**
   * Returns whether the gateway itself lacks something: another target would be asked, and mostly
   * paid, in vain.
   */
  public boolean isOwn() {
    return this == NO_SOCKET || this == NO_BUFFER;
  }

  /** Returns whether it is with this key that it failed, so that another one may do. */
  public boolean isOfKey() {
    return this == CREDENTIALS || this == RATE_LIMITED || this == QUOTA || this == FORBIDDEN;
  }
}
