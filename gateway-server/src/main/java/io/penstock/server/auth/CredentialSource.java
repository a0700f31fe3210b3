package io.penstock.server.auth;

import io.penstock.providers.auth.Credential;
import org.jspecify.annotations.Nullable;

/** Where a provider's credential comes from. Thread-safe, never blocks. */
@FunctionalInterface
public interface CredentialSource {
  /** Returns what is valid now, or null when nothing is. */
  @Nullable Credential current();

  /** Returns the source of a credential that never changes. */
  static CredentialSource of(Credential fixed) {
    return () -> fixed;
  }
}
