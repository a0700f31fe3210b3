package io.penstock.server.config.schema;

import io.penstock.providers.auth.OAuthTokens;
import io.penstock.server.config.schema.Rule.Faults;
import io.penstock.server.config.value.Secret;

/** The rules for credentials of providers. Stateless. */
final class CredentialRules {
  private static final String ACCOUNT = "JSON with client_email and an RSA private_key";

  private CredentialRules() {}

  static void serviceAccount(Object value, Faults faults) {
    Secret account = (Secret) value;
    try {
      OAuthTokens.googleServiceAccount(account.reveal());
    } catch (IllegalArgumentException e) {
      boolean path = account.reveal().matches("[^\\s{]+");
      faults.add("", Secret.MASK, path ? "file:PATH where it is a file, else " + ACCOUNT : ACCOUNT);
    }
  }
}
