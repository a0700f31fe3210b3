package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may use a path that is passed on, with which methods, and with how much money left. */
@ExtendWith(LeakCheck.class)
class PassthroughRightsTest {
  private static final FakeProvider PROVIDER = FakeProvider.start();
  private static final String SUPPORT = "Bearer pk-support";

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(PassthroughRightsTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(
        directory,
        PROVIDER,
        "passthrough:\n"
            + "  /v1/files: { provider: fake, teams: [engineering], methods: [GET, POST] }\n"
            + "  /v1/batches: { provider: fake }\n"
            + "  /v1/uploads: fake\n"
            + "  /v1/store: fake\n"
            + "  /openai: { provider: fake, teams: [support] }\n"
            + "  /openai/v1/store: fake\n"
            + "  /v1/store/vaults: { provider: fake, teams: [engineering], methods: [GET] }\n"
            + "budgets:\n"
            + "  - { name: each-day, limit: 500 tokens, every: day, per: team,\n"
            + "      when: 'headers[\"x-kind\"] == \"paid\"' }\n"
            + "  - { name: warned, limit: 1 tokens, every: day, over: warn }\n"
            + "rates:\n"
            + "  - { name: often, requests: 100, every: day, per: team }");
  }

  private static HttpResponse<String> support(String method, String path) {
    return RunningGateway.send(
        HttpRequest.newBuilder(URI.create(gateway.url() + path))
            .method(method, HttpRequest.BodyPublishers.ofString("{}"))
            .header("Authorization", SUPPORT)
            .header("X-Penstock-Metadata", "{\"project\":\"x\"}")
            .build());
  }

  private static HttpResponse<String> engineering(String method, String path) {
    return RunningGateway.send(
        HttpRequest.newBuilder(URI.create(gateway.url() + path))
            .method(method, HttpRequest.BodyPublishers.ofString("{}"))
            .header("Authorization", "Bearer " + RunningGateway.KEY)
            .build());
  }

  @Test
  void otherTeam_isRefused_andReachesNobody() {
    PROVIDER.on("/v1/files/f1").reply(Script.json("{}"));
    PROVIDER.on("/v1/batches").reply(Script.json("{}"));

    HttpResponse<String> refused = support("GET", "/v1/files/f1");

    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
    assertThat(refused.body()).contains("route_not_allowed").contains("/v1/files");
    assertThat(PROVIDER.requests()).isEmpty();
    JsonNode row = gateway.rows(refused).path(0);
    assertThat(row.path("team").asText()).isEqualTo("support");
    assertThat(row.path("rule").asText()).isEqualTo("route_not_allowed");
    assertThat(engineering("GET", "/v1/files/f1").statusCode()).isEqualTo(200);
    assertThat(support("GET", "/v1/batches").statusCode()).isEqualTo(200);
  }

  @Test
  void otherMethod_isRefusedWithThoseThereAre_andReachesNobody() {
    PROVIDER.on("/v1/files/f1").reply(Script.json("{}"));
    PROVIDER.on("/v1/uploads").reply(Script.json("{}"));

    HttpResponse<String> refused = engineering("DELETE", "/v1/files/f1");

    assertThat(refused.statusCode()).isEqualTo(405);
    assertThat(refused.body()).contains("method_not_allowed");
    assertThat(refused.headers().firstValue("allow")).hasValue("GET, POST");
    assertThat(PROVIDER.requests()).isEmpty();
    assertThat(engineering("GET", "/v1/files/f1").statusCode()).isEqualTo(200);
    assertThat(engineering("DELETE", "/v1/uploads").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/store/%76aults/v1",
        "/v1/store/%2576aults/v1",
        "/v1/store//vaults/v1",
        "/v1/store/./vaults/v1",
        "/v1/store/x%5C..%2Fvaults",
        "/v1/store/VAULTS/v1",
        "/v1/store/vaults;a=b/v1",
        "/v1/store%5Cvaults/v1"
      })
  void otherSpellingOfAnEntry_isRefused_andReachesNobody(String path) {
    HttpResponse<String> refused = support("GET", path);

    assertThat(refused.statusCode()).as(refused.body()).isBetween(400, 404);
    assertThat(PROVIDER.requests()).isEmpty();
  }

  /** A prefix that the gateway has for its own paths is a part of those that are passed on. */
  @ParameterizedTest
  @ValueSource(strings = {"/v1/store/a", "/openai/v1/vaults", "/openai/v1/store/a", "/openai/x"})
  void entriesWithAndWithoutAPrefix_areTwo(String path) {
    PROVIDER.on(path).reply(Script.json("{}"));
    PROVIDER.on("/v1" + path).reply(Script.json("{}"));
    assertThat(support("GET", path).statusCode()).as(support("GET", path).body()).isEqualTo(200);
  }

  @Test
  void pathThatIsEncodedWithoutEnd_isRefusedAtOnce() {
    String path = "/v1/store/%" + "25".repeat(3000);
    assertThat(support("GET", path).statusCode()).isEqualTo(400);
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void spellingThatChangesNoEntry_isPassedOn() {
    PROVIDER.on("/v1/store/a%20b").reply(Script.json("{}"));
    assertThat(support("GET", "/v1/store/a%20b").statusCode()).isEqualTo(200);
  }

  @Test
  void otherMethod_namedBesideTheRequests_isNotTold() {
    PROVIDER.on("/v1/files/f1").reply(Script.json("{}"));

    HttpResponse<String> answer =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/files/f1"))
                .header("Authorization", "Bearer " + RunningGateway.KEY)
                .header("X-HTTP-Method-Override", "DELETE")
                .build());
    HttpResponse<String> inQuery = engineering("GET", "/v1/files/f1?%24httpMethod=DELETE");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(PROVIDER.requests())
        .singleElement()
        .satisfies(sent -> assertThat(sent.header("x-http-method-override")).isNull());
    assertThat(inQuery.statusCode()).isEqualTo(400);
  }

  private static HttpResponse<String> paid(String authorization) {
    String project = "{\"project\":\"x\"}";
    return gateway.post(
        "/v1/batches",
        "{}",
        "Authorization",
        authorization,
        "X-Kind",
        "paid",
        "X-Penstock-Metadata",
        project);
  }

  @Test
  void budgetThatDeniesUsedUp_is402_forWhoUsedItAndNobodyElse() {
    PROVIDER.on("/v1/batches").reply(Script.json("{}"));
    PROVIDER
        .on("/v1/chat/completions")
        .reply(
            Script.json(
                "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\",\"choices\":"
                    + "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"x\"},"
                    + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":600,"
                    + "\"completion_tokens\":1,\"total_tokens\":601}}"));
    String chat =
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":5,\"messages\":"
            + "[{\"role\":\"user\",\"content\":\"hi\"}]}";
    assertThat(paid("Bearer " + RunningGateway.KEY).statusCode()).isEqualTo(200);
    assertThat(gateway.post("/v1/chat/completions", chat, "X-Kind", "paid").statusCode())
        .isEqualTo(200);
    HttpResponse<String> chatRefused = gateway.post("/v1/chat/completions", chat, "X-Kind", "paid");
    assertThat(chatRefused.statusCode()).isEqualTo(402);
    int asked = PROVIDER.requests().size();

    HttpResponse<String> refused = paid("Bearer " + RunningGateway.KEY);

    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(402);
    assertThat(refused.body()).contains("budget_exceeded").contains("each-day of engineering");
    assertThat(refused.headers().firstValue("x-should-retry")).hasValue("false");
    assertThat(PROVIDER.requests()).hasSize(asked);
    JsonNode row = gateway.rows(refused).path(0);
    assertThat(row.path("rule").asText()).isEqualTo("each-day");
    assertThat(row.path("cost_usd").asText()).isEqualTo("0.00");
    assertThat(paid(SUPPORT).statusCode()).isEqualTo(200);
    assertThat(engineering("POST", "/v1/batches").statusCode()).isEqualTo(200);
    // The request that was refused has given back what the rate had counted.
    assertThat(refused.headers().firstValue("x-ratelimit-remaining-requests"))
        .isEqualTo(chatRefused.headers().firstValue("x-ratelimit-remaining-requests"));
  }
}
