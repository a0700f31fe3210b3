package io.penstock.cache;

import java.util.Locale;

/** Whether a request can be cached at all. */
public sealed interface Keying {
  /** It can, under this key. */
  record Keyed(CacheKey key) implements Keying {}

  /** It goes upstream, unseen by the cache. */
  record Bypassed(Reason reason) implements Keying {}

  /** Why a request bypasses the cache. */
  enum Reason {
    /** The endpoint has no answers worth keeping. */
    ENDPOINT,
    /** The body is not a UTF-8 JSON object. */
    NOT_JSON,
    /** The answer depends on state that the provider keeps. */
    PROVIDER_STATE,
    /** The client asked the provider to keep the answer. */
    STORED_UPSTREAM,
    /** The call answers before it is done. */
    BACKGROUND,
    /** The provider runs tools whose results change: search, code, files, remote MCP. */
    HOSTED_TOOLS;

    /** Returns the word of {@code explain}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
