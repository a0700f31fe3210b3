package io.penstock.server.auth;

import io.penstock.providers.auth.Credential;
import org.jspecify.annotations.Nullable;

/** Where a provider's credential comes from. Thread-safe, never blocks. */
@FunctionalInterface
public interface CredentialSource {
  /** Returns what is valid now, or null when nothing is. */
  @Nullable Credential current();

  /**
   * Asks for another credential, since the provider refused what was used.
   *
   * @param usedEpochMillis when it was used: one that came later is news already
   * @param news runs once another is there, or could not be had; on any thread
   * @return whether there will be news; false when there is no other to be had now
   */
  default boolean renew(long usedEpochMillis, Runnable news) {
    return false;
  }

  /** Returns the source of a credential that never changes. */
  static CredentialSource of(Credential fixed) {
    return () -> fixed;
  }
}
