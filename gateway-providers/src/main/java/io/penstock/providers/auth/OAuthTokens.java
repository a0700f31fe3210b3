package io.penstock.providers.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.body.Json;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.auth.TokenExchange.Request;
import io.penstock.providers.auth.TokenExchange.Response;
import io.penstock.providers.auth.TokenExchange.Send;
import io.penstock.providers.auth.TokenExchange.Step;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Sources of OAuth access tokens: Microsoft Entra and Google. */
public final class OAuthTokens {
  /** The scope of Azure OpenAI. */
  public static final String AZURE_SCOPE = "https://cognitiveservices.azure.com/.default";

  /** Where Entra is, but in sovereign clouds. */
  public static final String ENTRA = "https://login.microsoftonline.com";

  /** Where an Azure machine finds its identity. */
  public static final String AZURE_METADATA = "http://169.254.169.254";

  /** Where a Google machine finds its service account. */
  public static final String GOOGLE_METADATA = "http://metadata.google.internal";

  private static final String GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform";
  private static final String GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  private static final long JWT_SECONDS = 3600;
  private static final ObjectMapper JSON = new ObjectMapper();

  private OAuthTokens() {}

  /**
   * Entra client credentials.
   *
   * @param authority {@link #ENTRA} but in sovereign clouds
   */
  public static TokenExchange entra(
      String authority, String tenant, String clientId, String clientSecret, String scope) {
    return entra(
        authority, tenant, clientId, scope, () -> "&client_secret=" + encode(clientSecret));
  }

  /**
   * Entra with a federated token, as workloads in a cluster have one.
   *
   * @param assertion gives the token; called at each exchange, since tokens in files are rotated
   */
  public static TokenExchange entraFederated(
      String authority, String tenant, String clientId, Supplier<String> assertion, String scope) {
    return entra(
        authority,
        tenant,
        clientId,
        scope,
        () ->
            "&client_assertion_type="
                + encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                + "&client_assertion="
                + encode(assertion.get()));
  }

  private static TokenExchange entra(
      String authority, String tenant, String clientId, String scope, Supplier<String> proof) {
    String body =
        "grant_type=client_credentials&client_id=" + encode(clientId) + "&scope=" + encode(scope);
    String uri = authority + "/" + encode(tenant) + "/oauth2/v2.0/token";
    return now ->
        new Send(Request.form(uri, body + proof.get()), answer -> token("Entra", answer, now));
  }

  /**
   * The managed identity of an Azure machine.
   *
   * @param endpoint {@link #AZURE_METADATA} but behind a proxy of it
   * @param clientId of a user-assigned identity, or null for the system's
   */
  public static TokenExchange azureManagedIdentity(
      String endpoint, @Nullable String clientId, String scope) {
    String resource = scope.replaceAll("/\\.default$", "");
    String uri =
        endpoint
            + "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
            + encode(resource)
            + (clientId == null ? "" : "&client_id=" + encode(clientId));
    return now ->
        new Send(
            Request.get(uri, new Header("metadata", "true")),
            answer -> token("The managed identity endpoint", answer, now));
  }

  /**
   * The service account of a Google machine, from its metadata server.
   *
   * @param endpoint {@link #GOOGLE_METADATA} but behind a proxy of it
   */
  public static TokenExchange googleMetadata(String endpoint) {
    String uri = endpoint + "/computeMetadata/v1/instance/service-accounts/default/token";
    return now ->
        new Send(
            Request.get(uri, new Header("metadata-flavor", "Google")),
            answer -> token("Google's metadata server", answer, now));
  }

  /**
   * A Google service account by its key file.
   *
   * @param keyFile the JSON text of the file
   * @throws IllegalArgumentException when it is not a service account's key
   */
  public static TokenExchange googleServiceAccount(String keyFile) {
    try {
      JsonNode file = JSON.readTree(keyFile);
      String email = file.path("client_email").asText();
      String uri = file.path("token_uri").asText("https://oauth2.googleapis.com/token");
      PrivateKey key = privateKey(file.path("private_key").asText());
      return now ->
          new Send(
              Request.form(
                  uri, "grant_type=" + encode(GRANT) + "&assertion=" + jwt(email, uri, key, now)),
              answer -> token("Google's token endpoint", answer, now));
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      // The cause could quote the file, which is the secret.
      throw new IllegalArgumentException(
          "the service account file is not usable (expected: JSON with client_email and an RSA"
              + " private_key)");
    }
  }

  private static PrivateKey privateKey(String pem) throws GeneralSecurityException {
    String base64 = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    return KeyFactory.getInstance("RSA")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
  }

  private static String jwt(String email, String audience, PrivateKey key, Instant now) {
    long issued = now.getEpochSecond();
    String claims =
        "{\"iss\":"
            + Json.quote(email)
            + ",\"scope\":\""
            + GOOGLE_SCOPE
            + "\",\"aud\":"
            + Json.quote(audience)
            + ",\"iat\":"
            + issued
            + ",\"exp\":"
            + (issued + JWT_SECONDS)
            + "}";
    String text = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\"}") + "." + base64(claims);
    try {
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initSign(key);
      signature.update(text.getBytes(StandardCharsets.US_ASCII));
      return text + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key has been read as an RSA key", e);
    }
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Step token(String source, Response response, Instant now) {
    JsonNode body = json(response);
    String token = body.path("access_token").asText();
    // Azure's machines write the number as text.
    long seconds = body.path("expires_in").asLong();
    if (!response.ok() || token.isEmpty() || seconds <= 0) {
      return TokenExchange.refused(source, response, body.path("error").asText());
    }
    return TokenExchange.Issued.of(
        new Credential.BearerToken(token), now, now.plusSeconds(seconds));
  }

  static JsonNode json(Response response) {
    try {
      return JSON.readTree(response.body());
    } catch (IOException e) {
      return JSON.createObjectNode();
    }
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
