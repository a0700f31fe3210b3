package io.penstock.providers.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Dialect;
import io.penstock.core.body.Json;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.auth.TokenExchange.Issued;
import io.penstock.providers.auth.TokenExchange.Refused;
import io.penstock.providers.auth.TokenExchange.Response;
import io.penstock.providers.auth.TokenExchange.Send;
import io.penstock.providers.auth.TokenExchange.Step;
import java.net.URI;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AuthTest {
  private static final Instant NOW = Instant.parse("2015-08-30T12:36:00Z");
  // The published example keys of AWS's signature test suite.
  private static final Credential.AwsKeys KEYS =
      new Credential.AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null);

  private static String sign(String method, String path, List<Header> headers, String body) {
    var request = new UpstreamRequest(method, path, headers, body.getBytes(UTF_8));
    List<Header> added =
        new SigV4(KEYS, "us-east-1", "service")
            .sign(request, URI.create("https://example.amazonaws.com"), NOW);
    String authorization = added.getLast().value();
    return authorization.substring(authorization.indexOf("Signature=") + 10);
  }

  @Test
  void sigV4_publishedSuite_getVanilla() {
    assertThat(sign("GET", "/", List.of(), ""))
        .isEqualTo("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  }

  @Test
  void sigV4_publishedSuite_getVanillaQueryOrder() {
    assertThat(sign("GET", "/?Param2=value2&Param1=value1", List.of(), ""))
        .isEqualTo("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  }

  @Test
  void sigV4_publishedSuite_postFormUrlencoded() {
    assertThat(
            sign(
                "POST",
                "/",
                List.of(new Header("content-type", "application/x-www-form-urlencoded")),
                "Param1=value1"))
        .isEqualTo("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
  }

  @Test
  void header_keyByDialect_usesItsHeader() {
    var key = new Credential.ApiKey("s3cret");
    Map<Dialect, String> names =
        Map.of(
            Dialect.OPENAI,
            "authorization",
            Dialect.ANTHROPIC,
            "x-api-key",
            Dialect.GEMINI,
            "x-goog-api-key",
            Dialect.AZURE,
            "api-key",
            Dialect.BEDROCK,
            "authorization");
    names.forEach((dialect, name) ->
        assertThat(Authorizer.header(dialect, key)).extracting(Header::name).isEqualTo(name));
    assertThat(key + " " + KEYS).doesNotContain("s3cret").doesNotContain("wJalr");
  }

  private static Send send(Step step) {
    assertThat(step).isInstanceOf(Send.class);
    return (Send) step;
  }

  private static Response ok(String body) {
    return new Response(200, body.getBytes(UTF_8));
  }

  @Test
  void entra_tokenIssued_refreshedAtFourFifths() {
    Send send =
        send(
            OAuthTokens.entra("https://login", "t", "id", "se&c", OAuthTokens.AZURE_SCOPE)
                .start(NOW));

    assertThat(send.request().uri()).hasToString("https://login/t/oauth2/v2.0/token");
    assertThat(send.request().body()).asString().contains("client_secret=se%26c");
    assertThat(send.request()).asString().doesNotContain("se%26c");
    assertThat(send.next().step(ok("{\"access_token\":\"tok\",\"expires_in\":1000}")))
        .isEqualTo(
            new Issued(
                new Credential.BearerToken("tok"), NOW.plusSeconds(800), NOW.plusSeconds(1000)));
    assertThat(
            send.next().step(new Response(401, "{\"error\":\"invalid_client\"}".getBytes(UTF_8))))
        .isEqualTo(new Refused("Entra gave no credential: status 401, invalid_client"));
  }

  @Test
  void googleServiceAccount_assertion_isSignedByTheKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    String pem =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    String file = "{\"client_email\":\"a@b\",\"private_key\":" + Json.quote(pem) + "}";

    Send send = send(OAuthTokens.googleServiceAccount(file).start(NOW));

    String body = new String(send.request().body(), UTF_8);
    String[] jwt = body.substring(body.indexOf("assertion=") + 10).split("\\.", -1);
    Signature verifier = Signature.getInstance("SHA256withRSA");
    verifier.initVerify(pair.getPublic());
    verifier.update((jwt[0] + "." + jwt[1]).getBytes(UTF_8));
    assertThat(verifier.verify(Base64.getUrlDecoder().decode(jwt[2]))).isTrue();
    var claims = new ObjectMapper().readTree(Base64.getUrlDecoder().decode(jwt[1]));
    assertThat(claims.path("iss").asText()).isEqualTo("a@b");
    assertThat(claims.path("exp").asLong() - claims.path("iat").asLong()).isEqualTo(3600);
    assertThatThrownBy(() -> OAuthTokens.googleServiceAccount("{\"private_key\":\"zz\"}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("zz");
  }

  @Test
  void awsInstance_threeSteps_giveKeys() {
    Send first = send(AwsCredentials.source(Map.of(), "eu-west-1", path -> "").start(NOW));
    Send second = send(first.next().step(ok("session")));
    Send third = send(second.next().step(ok("role-a\n")));

    assertThat(first.request().method()).isEqualTo("PUT");
    assertThat(third.request().headers())
        .containsExactly(new Header("x-aws-ec2-metadata-token", "session"));
    assertThat(third.request().uri().getPath()).endsWith("/role-a");
    assertThat(
            third
                .next()
                .step(
                    ok(
                        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\",\"Token\":\"C\",\"Expiration\":\"2015-08-30T18:36:00Z\"}")))
        .isInstanceOfSatisfying(
            Issued.class,
            issued ->
                assertThat(issued.credential()).isEqualTo(new Credential.AwsKeys("A", "B", "C")));
    assertThat(first.next().step(new Response(0, new byte[0])))
        .isEqualTo(new Refused("The instance metadata service gave no credential: no answer"));
  }

  @Test
  void awsChain_environmentDecides() {
    assertThat(
            AwsCredentials.ofEnvironment(
                Map.of("AWS_ACCESS_KEY_ID", "A", "AWS_SECRET_ACCESS_KEY", "B")))
        .isEqualTo(new Credential.AwsKeys("A", "B", null));
    assertThat(AwsCredentials.ofEnvironment(Map.of("AWS_BEARER_TOKEN_BEDROCK", "k")))
        .isEqualTo(new Credential.ApiKey("k"));
    Send web =
        send(
            AwsCredentials.source(
                    Map.of("AWS_WEB_IDENTITY_TOKEN_FILE", "/t", "AWS_ROLE_ARN", "arn:r"),
                    "eu-west-1",
                    path -> path + "-token\n")
                .start(NOW));
    assertThat(web.request().body()).asString().endsWith("WebIdentityToken=%2Ft-token");
    assertThat(
            web.next()
                .step(
                    ok(
                        "<C><AccessKeyId>A</AccessKeyId><SecretAccessKey>B</SecretAccessKey><SessionToken>C</SessionToken><Expiration>2015-08-30T13:36:00Z</Expiration></C>")))
        .isInstanceOf(Issued.class);
    Send container =
        send(
            AwsCredentials.source(
                    Map.of(
                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x",
                        "AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok"),
                    "eu-west-1",
                    path -> "")
                .start(NOW));
    assertThat(container.request().uri()).hasToString("http://169.254.170.2/v2/x");
    assertThat(container.request().headers()).containsExactly(new Header("authorization", "tok"));
  }
}
