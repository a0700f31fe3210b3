package io.penstock.server.config;

import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Secret;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Cloud credentials. What is left out is looked for where the cloud's own tools look. */
public record CredentialsConfig(
    @Setting("AWS access key id.") @Nullable Secret accessKeyId,
    @Setting("AWS secret access key.") @Nullable Secret secretAccessKey,
    @Setting("AWS session token.") @Nullable Secret sessionToken,
    @Setting("AWS role to take with a web identity.") @Nullable String roleArn,
    @Setting("The file of a web identity or federated token (AWS, Azure).")
        @Nullable Path tokenFile,
    @Setting("Azure directory (tenant) id.") @Nullable String tenant,
    @Setting("Azure client id; of a managed identity when there is no secret.")
        @Nullable String clientId,
    @Setting("Azure client secret.") @Nullable Secret clientSecret,
    @Setting(value = "Google service account, as JSON: file:PATH.", rule = Rule.SERVICE_ACCOUNT)
        @Nullable Secret serviceAccount,
    @Setting("Where tokens are fetched when it is not the cloud's own address.")
        @Nullable URI endpoint) {

  /** Checks that what goes together is together. */
  public CredentialsConfig {
    if (accessKeyId != null && secretAccessKey == null) {
      throw new InvalidValue("secret_access_key", "(none)", "one beside access_key_id");
    }
    if (clientSecret != null && tenant == null) {
      throw new InvalidValue("tenant", "(none)", "one beside client_secret");
    }
    if (tenant != null && clientSecret != null && clientId == null) {
      throw new InvalidValue("client_id", "(none)", "one beside tenant");
    }
  }

  /** Returns whether there is a directory whose client nothing proves to be itself. */
  boolean lacksSecret() {
    return tenant != null && clientSecret == null && tokenFile == null;
  }
}
