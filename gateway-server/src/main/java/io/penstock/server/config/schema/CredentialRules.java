package io.penstock.server.config.schema;

import io.penstock.providers.auth.OAuthTokens;
import io.penstock.server.config.schema.Rule.Faults;
import io.penstock.server.config.value.Secret;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rules for keys and credentials of providers. Stateless. */
final class CredentialRules {
  /**
   * How other tools write a variable. Only names as variables have them, so that a key which merely
   * begins like one is a key, and the name may be shown.
   */
  private static final Pattern PLACEHOLDER =
      Pattern.compile(
          "\\$([A-Z_][A-Z0-9_]*)|\\$\\(([A-Z_][A-Z0-9_]*)\\)|os\\.environ/([A-Za-z_][A-Za-z0-9_]*)"
              + "|\\{\\{ *([A-Za-z_.$][A-Za-z0-9_.]*) *}}");

  private static final String ACCOUNT = "JSON with client_email and an RSA private_key";

  private CredentialRules() {}

  static void apiKey(Object value, Faults faults) {
    String key = ((Secret) value).reveal();
    Matcher matcher = PLACEHOLDER.matcher(key);
    if (matcher.matches()) {
      String name = "";
      for (int i = 1; i <= matcher.groupCount(); i++) {
        name = matcher.group(i) == null ? name : matcher.group(i);
      }
      faults.add("", key, "\"${" + name.substring(name.lastIndexOf('.') + 1) + "}\"");
    }
  }

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
