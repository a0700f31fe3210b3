package io.penstock.server.config;

import io.penstock.server.config.schema.Setting;
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
    @Setting("Google service account, as JSON: file:PATH.") @Nullable Secret serviceAccount,
    @Setting("Where tokens are fetched when it is not the cloud's own address.")
        @Nullable URI endpoint) {}
