package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Ports;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Issuers that are slow, odd or change their keys, and what tokens are told and counted as. */
@ExtendWith(LeakCheck.class)
class TokenKeysTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final RSAKey OLD = rsa("old");
  private static final RSAKey NEW = rsa("new");

  private static final FakeProvider PROVIDER = FakeProvider.start();
  private static final FakeProvider ISSUER = FakeProvider.start();

  @TempDir Path directory;

  private static RSAKey rsa(String id) {
    try {
      return new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void publish(Script script) {
    ISSUER.reset();
    ISSUER.on("/jwks").reply(script);
  }

  private static Script keys(RSAKey... keys) {
    return Script.json(new JWKSet(List.of(keys)).toString());
  }

  private RunningGateway start(String address, String refresh, String more) {
    PROVIDER.reset();
    String jwt =
        """
        jwt:
          - issuer: https://id.example.com
            audience: penstock
            jwks: %s
            refresh: %s
            claims: { user: sub, team: team, app: app, metadata: { project: project } }
        """
            .formatted(address, refresh);
    return RunningGateway.start(directory, RunningGateway.yaml(directory, PROVIDER, jwt + more));
  }

  private static JWTClaimsSet.Builder claims(String user) {
    return new JWTClaimsSet.Builder()
        .issuer("https://id.example.com")
        .audience("penstock")
        .subject(user)
        .claim("team", "engineering")
        .expirationTime(Date.from(Instant.now().plusSeconds(600)));
  }

  private static String sign(RSAKey key, JWTClaimsSet claims) {
    try {
      SignedJWT token =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(), claims);
      token.sign(new RSASSASigner(key));
      return token.serialize();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static HttpResponse<String> call(RunningGateway gateway, String token) {
    return gateway.post("/v1/chat/completions", CHAT, "Authorization", "Bearer " + token);
  }

  private static void awaitGood(RunningGateway gateway, RSAKey key) {
    String token = sign(key, claims("first").build());
    Await.until("keys are fetched", () -> call(gateway, token).statusCode() == 200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "{\"keys\":[null]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQ\",\"oth\":[{}]}]}",
        "{\"keys\":{}}",
        "[]",
        "",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}"
      })
  void answerThatIsNone_isFollowedByTheNextFetch_andWithdrawnKeysEnd(String odd) {
    publish(keys(OLD));
    try (RunningGateway gateway = start(ISSUER.url() + "/jwks", "50ms", "")) {
      awaitGood(gateway, OLD);

      publish(Script.json(odd));
      ISSUER.awaitRequest(2);
      publish(keys(NEW));
      ISSUER.awaitRequest(2);

      assertThat(call(gateway, sign(OLD, claims("ann").build())).statusCode()).isEqualTo(401);
      assertThat(call(gateway, sign(NEW, claims("ann").build())).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void tokenOfANewKey_waitsForTheFetchThatItDemands() {
    publish(keys(OLD));
    try (RunningGateway gateway = start(ISSUER.url() + "/jwks", "1h", "")) {
      awaitGood(gateway, OLD);
      Gate gate = new Gate("the issuer answers");
      publish(keys(NEW).pauseBeforeHeaders(gate));

      CompletableFuture<HttpResponse<String>> waiting =
          CompletableFuture.supplyAsync(() -> call(gateway, sign(NEW, claims("ann").build())));
      ISSUER.awaitRequest(1);
      gate.open();

      assertThat(waiting.join().statusCode()).isEqualTo(200);
      assertThat(call(gateway, sign(rsa("unheard"), claims("ann").build())).statusCode())
          .isEqualTo(401);
    }
  }

  @Test
  void issuerThatDoesNotAnswer_is503WithATimeToRetry_andAKeyIsNot() {
    Gate gate = new Gate("the issuer answers");
    publish(keys(OLD).pauseBeforeHeaders(gate));
    try (RunningGateway gateway = start(ISSUER.url() + "/jwks", "1h", "")) {
      ISSUER.awaitRequest(1);

      HttpResponse<String> early = call(gateway, sign(OLD, claims("ann").build()));

      assertThat(early.statusCode()).as(early.body()).isEqualTo(503);
      assertThat(early.headers().firstValue("retry-after")).isPresent();
      JsonNode row = gateway.rows(early).path(0);
      assertThat(row.path("rule").asText()).isEqualTo("jwt_keys");
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      // What is wrong whatever the keys are is told at once.
      String other = sign(OLD, claims("ann").audience("other").build());
      assertThat(call(gateway, other).statusCode()).isEqualTo(401);
      gate.open();
      awaitGood(gateway, OLD);
    }
  }

  @Test
  void issuerAway_is503() {
    try (RunningGateway gateway = start("http://127.0.0.1:" + Ports.free() + "/jwks", "10m", "")) {
      assertThat(call(gateway, sign(OLD, claims("ann").build())).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void perKey_isAPersonOfAnIssuer_forRatesAndBudgets() {
    publish(keys(OLD));
    String limits =
        "rates: [{ name: each, per: key, requests: 50, every: day }]\n"
            + "budgets: [{ name: own, per: key, limit: 10 USD, every: day }]\n";
    try (RunningGateway gateway = start(ISSUER.url() + "/jwks", "1h", limits)) {
      awaitGood(gateway, OLD);

      for (String user : List.of("ann", "bob")) {
        HttpResponse<String> response = call(gateway, sign(OLD, claims(user).build()));
        assertThat(response.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("49");
      }
      HttpResponse<String> again = call(gateway, sign(OLD, claims("bob").build()));
      assertThat(again.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("48");
      HttpResponse<String> key = gateway.post("/v1/chat/completions", CHAT);
      assertThat(key.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("49");
      assertThat(gateway.admin("/admin/v1/budgets"))
          .contains("\"subject\":\"jwt:https://id.example.com / engineering / ann\"")
          .contains("\"subject\":\"jwt:https://id.example.com / engineering / bob\"")
          .contains("\"subject\":\"k-test\"");
    }
  }

  @Test
  void namesBeyondTheLimitsOfOthers_areRefusedLikeThose() {
    publish(keys(OLD));
    try (RunningGateway gateway = start(ISSUER.url() + "/jwks", "1h", "")) {
      awaitGood(gateway, OLD);
      String longest = "x".repeat(256);
      assertThat(call(gateway, sign(OLD, claims(longest).build())).statusCode()).isEqualTo(200);

      for (JWTClaimsSet odd :
          List.of(
              claims(longest + "x").build(),
              claims("an\u0000n").build(),
              claims("ann\u001b[2J").build(),
              claims("ann").claim("app", "a\nb").build(),
              claims("ann").claim("project", "y".repeat(129)).build())) {
        HttpResponse<String> refused = call(gateway, sign(OLD, odd));
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
        JsonNode row = gateway.rows(refused).path(0);
        assertThat(row.path("key").asText()).isEqualTo("jwt:https://id.example.com");
        assertThat(row.path("rule").asText()).isEqualTo("jwt_name");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "expired, jwt_expired, ''",
    "early, jwt_early, ''",
    "audience, jwt_audience, ''",
    "issuer, jwt_issuer, ''",
    "team, jwt_team, jwt:https://id.example.com",
    "signature, jwt_signature, ''",
    "malformed, jwt_malformed, ''"
  })
  void refusedToken_hasItsReasonInTheRow_andNothingThatNobodyHasSigned(
      String what, String rule, String key) {
    publish(keys(OLD));
    try (RunningGateway gateway = start(ISSUER.url() + "/jwks", "1h", "")) {
      awaitGood(gateway, OLD);
      JWTClaimsSet.Builder claims = claims("ann");
      Instant now = Instant.now();
      RSAKey signer = OLD;
      switch (what) {
        case "expired" -> claims.expirationTime(Date.from(now.minusSeconds(300)));
        case "early" -> claims.notBeforeTime(Date.from(now.plusSeconds(300)));
        case "audience" -> claims.audience("other");
        case "issuer" -> claims.issuer("https://evil.example.com");
        case "team" -> claims.claim("team", "made-up");
        default -> signer = rsa("old");
      }
      String token = what.equals("malformed") ? "eyJhbGciOiJS.x" : sign(signer, claims.build());

      HttpResponse<String> refused = call(gateway, token);

      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.body()).contains("invalid_api_key").doesNotContain("jwt_");
      JsonNode row = gateway.rows(refused).path(0);
      assertThat(row.path("rule").asText()).isEqualTo(rule);
      assertThat(row.path("error").asText()).isEqualTo("invalid_api_key");
      assertThat(row.path("key").asText()).isEqualTo(key);
      assertThat(row.path("team").asText()).isEmpty();
      assertThat(row.toString()).doesNotContain("ann", "made-up", "evil", token);
    }
  }
}
