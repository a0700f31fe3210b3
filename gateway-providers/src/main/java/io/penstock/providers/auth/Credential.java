package io.penstock.providers.auth;

import org.jspecify.annotations.Nullable;

/** What a request is authorised with. None prints its secret. */
public sealed interface Credential {
  /** A provider's key, or a Bedrock API key; the header depends on the dialect. */
  record ApiKey(String secret) implements Credential {
    @Override
    public String toString() {
      return "ApiKey[****]";
    }
  }

  /** An OAuth access token. */
  record BearerToken(String token) implements Credential {
    @Override
    public String toString() {
      return "BearerToken[****]";
    }
  }

  /**
   * AWS keys, to sign with.
   *
   * @param sessionToken of temporary keys, else null
   */
  record AwsKeys(String accessKeyId, String secretAccessKey, @Nullable String sessionToken)
      implements Credential {
    @Override
    public String toString() {
      return "AwsKeys[" + accessKeyId + ", ****]";
    }
  }
}
