package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.http.HttpResponse;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operator is told why a key was refused, the client is not. */
@ExtendWith(LeakCheck.class)
class RefusedCredentialsTest {
  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(PROVIDER, "");

  private static HttpResponse<String> call(String authorization) {
    return gateway.post("/v1/chat/completions", "{}", "Authorization", authorization);
  }

  private static String withoutId(HttpResponse<String> refused) {
    String id = refused.headers().firstValue("x-penstock-request-id").orElseThrow();
    return refused.body().replace(id, "").toLowerCase(Locale.ROOT);
  }

  @ParameterizedTest
  @CsvSource({
    "Bearer pk-old, key_expired, k-old, engineering",
    "Bearer pk-off, key_disabled, k-off, engineering",
    "Bearer pk-nobody, key_unknown, '', ''",
    "Basic eDp5, key_missing, '', ''"
  })
  void key_hasItsReasonInTheRow_andTheSameWordsForAll(
      String authorization, String rule, String key, String team) {
    HttpResponse<String> refused = call(authorization);

    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(withoutId(refused)).isEqualTo(withoutId(call("Bearer pk-somebody")));
    JsonNode row = gateway.rows(refused).path(0);
    assertThat(row.path("rule").asText()).isEqualTo(rule);
    assertThat(row.path("error").asText()).isEqualTo("invalid_api_key");
    assertThat(row.path("key").asText()).isEqualTo(key);
    assertThat(row.path("team").asText()).isEqualTo(team);
    assertThat(row.path("user").asText()).isEmpty();
    assertThat(row.toString()).doesNotContain("pk-");
  }

  @Test
  void addressThatIsNotAllowed_namesTheKey() {
    HttpResponse<String> refused = call("Bearer pk-far");

    assertThat(refused.statusCode()).isEqualTo(403);
    JsonNode row = gateway.rows(refused).path(0);
    assertThat(row.path("rule").asText()).isEqualTo("address_not_allowed");
    assertThat(row.path("key").asText()).isEqualTo("k-far");
  }

  @Test
  void refusedKey_isNoTeamInTheMetrics() {
    call("Bearer pk-old");

    assertThat(gateway.admin("/metrics").lines())
        .noneMatch(line ->
            line.startsWith("penstock_requests_total")
                && line.contains("status=\"401\"")
                && line.contains("team=\"engineering\""));
  }
}
