package io.penstock.server.snapshot;

import io.penstock.providers.auth.AwsCredentials;
import io.penstock.providers.auth.Credential;
import io.penstock.providers.auth.OAuthTokens;
import io.penstock.providers.auth.TokenExchange;
import io.penstock.server.auth.CredentialFetcher;
import io.penstock.server.auth.CredentialSource;
import io.penstock.server.config.CredentialsConfig;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.config.value.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Chooses where a provider without keys has its credential from: what the configuration says, else
 * where the cloud's own tools look. Off the event loops.
 */
public final class CloudCredentials implements AutoCloseable {
  private final CredentialFetcher fetcher;
  private final Map<String, String> environment;

  /**
   * Creates it.
   *
   * @param environment the process's, in which the clouds' own variables are looked for
   */
  public CloudCredentials(CredentialFetcher fetcher, Map<String, String> environment) {
    this.fetcher = fetcher;
    this.environment = Map.copyOf(environment);
  }

  /**
   * Returns the source, or null when the provider needs no credential.
   *
   * @throws IOException when the configured one cannot be used, with its place
   */
  @Nullable CredentialSource source(String provider, ProviderConfig config) throws IOException {
    CredentialsConfig given = config.credentials();
    try {
      return switch (config.dialect()) {
        case BEDROCK -> aws(provider, config.region(), given);
        case VERTEX -> fetcher.source(provider, google(given));
        case AZURE -> given == null ? null : fetcher.source(provider, azure(given));
        default -> null;
      };
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new IOException("providers." + provider + ".credentials: " + e.getMessage(), e);
    }
  }

  private CredentialSource aws(String provider, String region, @Nullable CredentialsConfig given) {
    if (given != null && given.accessKeyId() != null) {
      return CredentialSource.of(
          new Credential.AwsKeys(
              given.accessKeyId().reveal(),
              required("secret_access_key", given.secretAccessKey()),
              given.sessionToken() == null ? null : given.sessionToken().reveal()));
    }
    boolean explicit =
        given != null
            && (given.roleArn() != null || given.tokenFile() != null || given.endpoint() != null);
    Credential held = explicit ? null : AwsCredentials.ofEnvironment(environment);
    return held != null
        ? CredentialSource.of(held)
        : fetcher.source(
            provider, AwsCredentials.source(awsEnvironment(given), region, CloudCredentials::read));
  }

  /** What the configuration says stands in for what AWS's tools read from the environment. */
  private Map<String, String> awsEnvironment(@Nullable CredentialsConfig given) {
    Map<String, String> all = new HashMap<>(environment);
    if (given != null) {
      put(all, "AWS_ROLE_ARN", given.roleArn());
      put(all, "AWS_WEB_IDENTITY_TOKEN_FILE", given.tokenFile());
      if (given.endpoint() != null) {
        String endpoint = address(given.endpoint());
        all.put("AWS_ENDPOINT_URL_STS", endpoint);
        all.put("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint);
      }
    }
    return all;
  }

  private TokenExchange google(@Nullable CredentialsConfig given) {
    if (given != null && given.serviceAccount() != null) {
      return OAuthTokens.googleServiceAccount(given.serviceAccount().reveal());
    }
    String file = environment.get("GOOGLE_APPLICATION_CREDENTIALS");
    boolean elsewhere = given != null && given.endpoint() != null;
    if (file != null && !file.isEmpty() && !elsewhere) {
      return OAuthTokens.googleServiceAccount(read(file));
    }
    return OAuthTokens.googleMetadata(endpoint(given, OAuthTokens.GOOGLE_METADATA));
  }

  private static TokenExchange azure(CredentialsConfig given) {
    String scope = OAuthTokens.AZURE_SCOPE;
    Path tokenFile = given.tokenFile();
    if (given.clientSecret() == null && tokenFile == null) {
      String endpoint = endpoint(given, OAuthTokens.AZURE_METADATA);
      return OAuthTokens.azureManagedIdentity(endpoint, given.clientId(), scope);
    }
    String authority = endpoint(given, OAuthTokens.ENTRA);
    String tenant = required("tenant", given.tenant());
    String client = required("client_id", given.clientId());
    return tokenFile == null
        ? OAuthTokens.entra(
            authority, tenant, client, required("client_secret", given.clientSecret()), scope)
        : OAuthTokens.entraFederated(
            authority, tenant, client, () -> read(tokenFile.toString()).strip(), scope);
  }

  private static String endpoint(@Nullable CredentialsConfig given, String usual) {
    return given == null || given.endpoint() == null ? usual : address(given.endpoint());
  }

  private static String address(URI endpoint) {
    return endpoint.toString().replaceAll("/+$", "");
  }

  private static String required(String name, @Nullable Object value) {
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value instanceof Secret secret ? secret.reveal() : value.toString();
  }

  private static void put(Map<String, String> into, String name, @Nullable Object value) {
    if (value != null) {
      into.put(name, Objects.toString(value));
    }
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the file " + file + " cannot be read (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  @Override
  public void close() {
    fetcher.close();
  }
}
