package io.penstock.server.config.load;

import io.penstock.core.Dialect;
import io.penstock.server.config.CredentialsConfig;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.config.ProviderKeyConfig;
import io.penstock.server.config.value.Secret;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks of one provider what its keys and credentials say together: what can never work is refused
 * where it was left out, and a warning where a variable has no value here. Stateless.
 */
final class ProviderSense {
  private static final String PROJECT = "the Google Cloud project that calls are made in";
  private static final String SECRET = "client_secret or token_file beside ";

  /** Headers that a credential may come in. */
  private static final Set<String> CREDENTIALS =
      Set.of("authorization", "x-api-key", "api-key", "x-goog-api-key");

  private final String name;
  private final ProviderConfig provider;
  private final Tree tree;

  private ProviderSense(String name, ProviderConfig provider, Tree tree) {
    this.name = name;
    this.provider = provider;
    this.tree = tree;
  }

  static void check(String name, ProviderConfig provider, Tree tree) {
    ProviderSense sense = new ProviderSense(name, provider, tree);
    sense.keys();
    sense.headers();
    if (provider.dialect() == Dialect.VERTEX && provider.project().isEmpty()) {
      sense.project();
    }
    if (provider.dialect() == Dialect.AZURE && provider.liveKeys().isEmpty()) {
      sense.azure(provider.credentials());
    }
    sense.noKeys();
    String meant = Addresses.meant(provider);
    if (meant != null) {
      tree.warning(String.valueOf(provider.baseUrl()), meant, "providers", name, "base_url");
    }
  }

  private void keys() {
    List<ProviderKeyConfig> keys = provider.keys();
    for (int i = 0; i < keys.size(); i++) {
      Secret secret = keys.get(i).secret();
      Object[] place = {"providers", name, "keys", i, "secret"};
      String text = tree.at(place) instanceof Node.Scalar scalar ? scalar.text() : "";
      String meant = Placeholders.meant(text);
      if (meant != null) {
        tree.problem(text, meant, place);
      }
      if (secret.isEmpty()) {
        String expected = secret.missing().isEmpty() ? "an API key" : secret.missing();
        String effect = provider.isUsable() ? "; this key is skipped" : skipped();
        noValue(expected + effect, place);
      }
    }
  }

  private void headers() {
    for (Map.Entry<String, Secret> header : provider.headers().entrySet()) {
      if (header.getValue().isEmpty()) {
        tree.warning("no value", "a value", "providers", name, "headers", header.getKey());
      }
    }
  }

  /**
   * What is left out is the file's mistake; what a variable does not say may be known elsewhere.
   */
  private void project() {
    if (tree.at("providers", name, "project") == null) {
      tree.problem("(none)", PROJECT, "providers", name, "project");
    } else {
      noValue(PROJECT + skipped(), "providers", name, "project");
    }
  }

  private void azure(@Nullable CredentialsConfig given) {
    if (given == null || given.clientSecret() != null || given.tokenFile() != null) {
      return;
    }
    Object[] secret = {"providers", name, "credentials", "client_secret"};
    boolean written = tree.at(secret) != null;
    if (given.tenant() == null && written) {
      noValue(SECRET + "tenant; the machine's managed identity is asked instead", secret);
    } else if (given.tenant() != null && written) {
      noValue(SECRET + "tenant" + skipped(), secret);
    } else if (given.tenant() != null) {
      tree.problem(
          given.tenant(),
          SECRET + "it; a managed identity has client_id alone",
          "providers",
          name,
          "credentials",
          "tenant");
    }
  }

  /** A proxy on the way may add the key, and so may a header. */
  private void noKeys() {
    boolean cloud = Addresses.isPublic(provider);
    boolean header =
        provider.headers().keySet().stream()
            .anyMatch(key -> CREDENTIALS.contains(key.toLowerCase(Locale.ROOT)));
    if (cloud && provider.keys().isEmpty() && provider.credentials() == null && !header) {
      tree.warning(
          "none",
          "a key: this provider is asked without, and refuses calls that have none",
          "providers",
          name,
          "keys");
    }
  }

  private String skipped() {
    return "; targets of " + name + " are skipped";
  }

  /** Says which variable or file it is, when the value is nothing but that. */
  private void noValue(String expected, Object... path) {
    String text = tree.at(path) instanceof Node.Scalar scalar ? scalar.text() : "";
    boolean named = text.startsWith("${") || text.startsWith("file:");
    tree.warning("no value" + (named ? " in " + text : ""), expected, path);
  }
}
