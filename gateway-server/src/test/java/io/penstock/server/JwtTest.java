package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Ports;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of an identity provider stand in for keys. */
@ExtendWith(LeakCheck.class)
class JwtTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String JWT =
      """
      jwt:
        - issuer: https://id.example.com
          audience: [penstock, other]
          jwks: %s
          refresh: 200ms
          claims: { user: sub, team: "groups[0]", app: client.name, metadata: { project: project } }
      """;

  private static final FakeProvider PROVIDER = FakeProvider.start();
  private static final FakeProvider ISSUER = FakeProvider.start();
  private static final RSAKey RSA = made(() -> new RSAKeyGenerator(2048).keyID("one").generate());
  private static final ECKey EC =
      made(() -> new ECKeyGenerator(Curve.P_256).keyID("two").generate());
  private static final KeyPair ED =
      made(() -> KeyPairGenerator.getInstance("Ed25519").generateKeyPair());

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(JwtTest::yaml, PROVIDER);

  private static String yaml(Path directory) throws Exception {
    publish(RSA, EC, edJwk());
    return RunningGateway.yaml(directory, PROVIDER, JWT.formatted(ISSUER.url() + "/jwks"));
  }

  @BeforeAll
  static void start() throws Exception {
    // The first fetch is under way: the first call that succeeds shows that it is done.
    String token = sign(RSA, claims().build());
    Await.until("keys are fetched", () -> call(token).statusCode() == 200);
  }

  private static <T> T made(Callable<T> how) {
    try {
      return how.call();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static OctetKeyPair edJwk() {
    byte[] encoded = ED.getPublic().getEncoded();
    byte[] point = Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
    return new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(point)).keyID("three").build();
  }

  private static void publish(JWK... keys) {
    ISSUER.reset();
    String json = new JWKSet(List.of(keys)).toString();
    ISSUER.on("/jwks").reply(Script.json(json));
  }

  private static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer("https://id.example.com")
        .audience("penstock")
        .subject("grace")
        .claim("groups", List.of("engineering", "everybody"))
        .claim("client", java.util.Map.of("name", "notebook"))
        .claim("project", "apollo")
        .expirationTime(Date.from(Instant.now().plusSeconds(600)));
  }

  private static String sign(JWK key, JWTClaimsSet claims) throws JOSEException {
    JWSSigner signer =
        key instanceof RSAKey of ? new RSASSASigner(of) : new ECDSASigner(key.toECKey());
    JWSAlgorithm algorithm = key instanceof RSAKey ? JWSAlgorithm.RS256 : JWSAlgorithm.ES256;
    SignedJWT token =
        new SignedJWT(new JWSHeader.Builder(algorithm).keyID(key.getKeyID()).build(), claims);
    token.sign(signer);
    return token.serialize();
  }

  private static HttpResponse<String> call(String token) {
    return gateway.post("/v1/chat/completions", CHAT, "Authorization", "Bearer " + token);
  }

  private static void assertRefused(String token) {
    HttpResponse<String> response = call(token);
    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.body()).contains("invalid_api_key");
  }

  @Test
  void goodToken_isItsPersonTeamAppAndProject() throws Exception {
    HttpResponse<String> response = call(sign(EC, claims().build()));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    String id = response.headers().firstValue("x-penstock-request-id").orElseThrow();
    assertThat(gateway.admin("/admin/v1/requests/" + id))
        .contains("\"user\":\"grace\"")
        .contains("\"team\":\"engineering\"")
        .contains("\"app\":\"notebook\"")
        .contains("\"key\":\"jwt:https://id.example.com\"")
        .contains("\"project\":\"apollo\"");
    assertThat(PROVIDER.requests().getLast().header("authorization"))
        .isEqualTo("Bearer sk-upstream");
  }

  @Test
  void edDsa_isVerified() throws Exception {
    String head =
        Base64URL.encode("{\"alg\":\"EdDSA\",\"kid\":\"three\"}")
            + "."
            + Base64URL.encode(claims().build().toString());
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(ED.getPrivate());
    signature.update(head.getBytes(StandardCharsets.US_ASCII));
    byte[] signed = signature.sign();
    assertThat(call(head + "." + Base64URL.encode(signed)).statusCode()).isEqualTo(200);
    signed[3] ^= 1;
    assertRefused(head + "." + Base64URL.encode(signed));
  }

  @Test
  void claimsThatDoNotFit_are401() throws Exception {
    Date past = Date.from(Instant.now().minusSeconds(120));
    Date later = Date.from(Instant.now().plusSeconds(300));
    assertRefused(sign(RSA, claims().expirationTime(past).build()));
    assertRefused(sign(RSA, claims().expirationTime(null).build()));
    assertRefused(sign(RSA, claims().notBeforeTime(later).build()));
    assertRefused(sign(RSA, claims().audience("somebody-else").build()));
    assertRefused(sign(RSA, claims().issuer("https://evil.example.com").build()));
    assertRefused(sign(RSA, claims().claim("groups", List.of("no-such-team")).build()));
    assertRefused(sign(RSA, claims().claim("groups", List.of()).build()));
  }

  @Test
  void forgedSignatures_are401() throws Exception {
    assertRefused(new PlainJWT(claims().build()).serialize());
    SignedJWT mac =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("one").build(), claims().build());
    mac.sign(new MACSigner(RSA.toRSAPublicKey().getEncoded()));
    assertRefused(mac.serialize());
    RSAKey other = new RSAKeyGenerator(2048).keyID("one").generate();
    assertRefused(sign(other, claims().build()));
    assertRefused("eyJhbGciOiJSUzI1NiJ9.broken");
  }

  @Test
  void newKey_isFetchedAndTheOldOneForgotten() throws Exception {
    RSAKey next = new RSAKeyGenerator(2048).keyID("next").generate();
    String old = sign(RSA, claims().subject("old").build());
    String fresh = sign(next, claims().build());
    assertThat(call(old).statusCode()).isEqualTo(200);
    assertRefused(fresh);
    publish(next);
    Await.until("the new key is fetched", () -> call(fresh).statusCode() == 200);
    assertRefused(old);
    publish(RSA, EC, edJwk());
    Await.until("the old keys are back", () -> call(old).statusCode() == 200);
  }

  @Test
  void refusedEditWithoutTheIssuer_leavesItsKeysFetched() throws Exception {
    String yaml = Files.readString(gateway.file());
    try {
      int jwt = yaml.indexOf("jwt:");
      Files.writeString(
          gateway.file(),
          yaml.substring(0, jwt)
              .replace(
                  "models:\n", "models:\n  a: [fake/gpt-4o-mini, fake/text-embedding-3-small]\n"));
      Await.until(
          "it is refused",
          () -> gateway.admin("/admin/v1/config").contains("is of the kind embedding"));

      RSAKey next = new RSAKeyGenerator(2048).keyID("after").generate();
      String fresh = sign(next, claims().build());
      publish(next);
      Await.until("the new key is fetched", () -> call(fresh).statusCode() == 200);
    } finally {
      publish(RSA, EC, edJwk());
      Files.writeString(gateway.file(), yaml);
    }
    String old = sign(RSA, claims().build());
    Await.until("the old keys are back", () -> call(old).statusCode() == 200);
  }

  @Test
  void issuerAway_stopsNeitherStartNorKeys(@TempDir Path other) throws Exception {
    String yaml =
        RunningGateway.yaml(
            other, PROVIDER, JWT.formatted("http://127.0.0.1:" + Ports.free() + "/jwks"));
    try (RunningGateway lonely = RunningGateway.start(other, yaml)) {
      assertThat(lonely.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      String token = sign(RSA, claims().build());
      assertThat(
              lonely
                  .post("/v1/chat/completions", CHAT, "Authorization", "Bearer " + token)
                  .statusCode())
          .isEqualTo(503);
    }
  }
}
