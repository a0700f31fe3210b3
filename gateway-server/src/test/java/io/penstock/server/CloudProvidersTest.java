package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.load.LoadResult;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bedrock, Vertex and Azure with credentials that the gateway fetches, all on loopback. */
class CloudProvidersTest {
  private static final String CHAT =
      "{\"model\":\"cloud\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
  private static final String CONVERSE =
      "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"Hi\"}]}},"
          + "\"stopReason\":\"end_turn\","
          + "\"usage\":{\"inputTokens\":3,\"outputTokens\":2,\"totalTokens\":5}}";
  private static final String GEMINI =
      "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}],\"role\":\"model\"},"
          + "\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":3,"
          + "\"candidatesTokenCount\":2,\"totalTokenCount\":5}}";
  private static final String METADATA =
      "/computeMetadata/v1/instance/service-accounts/default/token";
  private static final String TOKEN = "{\"access_token\":\"tok\",\"expires_in\":3600}";

  private static final String OPEN =
      "penstock_breaker_open{model=\"some.model-v1:0\",provider=\"cloud\"} 1.0";

  @TempDir private Path directory;
  private final FakeProvider cloud = FakeProvider.start();

  @AfterEach
  void stop() {
    cloud.close();
  }

  private RunningGateway start(String provider) {
    String more =
        "\n  cloud:\n    free: true\n    retries: { attempts: 0 }\n"
            + provider.indent(4)
            + "models:\n  cloud: cloud/some.model-v1:0\n";
    return RunningGateway.start(
        directory, RunningGateway.yaml(directory, cloud, "").replace("\nmodels:\n", more));
  }

  /** Asks until there is a credential: until then the answer is a 503, at once. */
  private static HttpResponse<String> post(RunningGateway gateway, String path, String body) {
    List<HttpResponse<String>> last = new ArrayList<>();
    Await.until(
        "a credential",
        () -> {
          last.add(gateway.post(path, body));
          return last.getLast().statusCode() != 503;
        });
    return last.getLast();
  }

  private static HttpResponse<String> ask(RunningGateway gateway) {
    HttpResponse<String> answer = post(gateway, "/v1/chat/completions", CHAT);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body()).contains("\"Hi\"");
    return answer;
  }

  private Received last() {
    return cloud.requests().getLast();
  }

  private static String keys(String id) {
    return "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\",\"Token\":\"session\",\"Expiration\":\"%s\"}"
        .formatted(id, Instant.now().plus(1, ChronoUnit.HOURS));
  }

  @Test
  void bedrock_staticKeys_signTheRequest() {
    cloud.on("/model/*").reply(Script.json(CONVERSE));
    try (RunningGateway gateway =
        start(
            """
            dialect: bedrock
            region: eu-west-1
            base_url: %s
            credentials: { access_key_id: AKID, secret_access_key: s, session_token: st }
            """
                .formatted(cloud.url()))) {
      ask(gateway);
      assertThat(last().path()).isEqualTo("/model/some.model-v1%3A0/converse");
      assertThat(last().header("authorization"))
          .startsWith("AWS4-HMAC-SHA256 Credential=AKID/")
          .contains("/eu-west-1/bedrock/aws4_request", "SignedHeaders=content-type;host;x-amz-date")
          .doesNotContain("\n");
      assertThat(last().header("x-amz-security-token")).isEqualTo("st");
      assertThat(last().header("x-amz-date")).matches("\\d{8}T\\d{6}Z");
    }
  }

  @Test
  void bedrock_apiKey_isABearer() {
    cloud.on("/model/*").reply(Script.json(CONVERSE));
    try (RunningGateway gateway =
        start(
            "dialect: bedrock\nregion: eu-west-1\nkeys: [bedrock-key]\nbase_url: " + cloud.url())) {
      ask(gateway);
      assertThat(last().header("authorization")).isEqualTo("Bearer bedrock-key");
    }
  }

  @Test
  void bedrock_instanceMetadata_givesKeys() {
    cloud.on("/model/*").reply(Script.json(CONVERSE));
    cloud.on("/latest/api/token").reply(Script.bytes("text/plain", new byte[] {'t'}));
    cloud
        .on("/latest/meta-data/iam/security-credentials/")
        .reply(Script.bytes("text/plain", new byte[] {'r'}));
    cloud.on("/latest/meta-data/iam/security-credentials/r").reply(Script.json(keys("INSTANCE")));
    try (RunningGateway gateway =
        start(
            "dialect: bedrock\nregion: eu-west-1\nbase_url: %s\ncredentials: { endpoint: \"%s\" }\n"
                .formatted(cloud.url(), cloud.url()))) {
      ask(gateway);
      assertThat(last().header("authorization")).contains("Credential=INSTANCE/");
    }
  }

  @Test
  void bedrock_webIdentity_isExchangedAtSts() throws IOException {
    Path token = Files.writeString(directory.resolve("token"), "jwt\n");
    cloud.on("/model/*").reply(Script.json(CONVERSE));
    cloud
        .on("/")
        .reply(
            Script.bytes(
                "text/xml",
                ("<C><AccessKeyId>WEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                        + "<SessionToken>t</SessionToken><Expiration>"
                        + Instant.now().plus(1, ChronoUnit.HOURS)
                        + "</Expiration></C>")
                    .getBytes(StandardCharsets.UTF_8)));
    try (RunningGateway gateway =
        start(
            """
            dialect: bedrock
            region: eu-west-1
            base_url: %s
            credentials: { role_arn: "arn:aws:iam::1:role/r", token_file: %s, endpoint: "%s" }
            """
                .formatted(cloud.url(), token, cloud.url()))) {
      ask(gateway);
      assertThat(last().header("authorization")).contains("Credential=WEB/");
      assertThat(cloud.awaitRequest(1).text()).contains("WebIdentityToken=jwt");
    }
  }

  @Test
  void vertex_metadataServer_givesAToken() {
    cloud.on("/v1/projects/*").reply(Script.json(GEMINI));
    cloud.on(METADATA).reply(Script.json(TOKEN));
    try (RunningGateway gateway =
        start(
            "dialect: vertex\nproject: p\nbase_url: %s\ncredentials: { endpoint: \"%s\" }\n"
                .formatted(cloud.url(), cloud.url()))) {
      ask(gateway);
      assertThat(last().path())
          .startsWith("/v1/projects/p/locations/global/publishers/google/models/some.model");
      assertThat(last().header("authorization")).isEqualTo("Bearer tok");
    }
  }

  @Test
  void azure_entraClientSecret_isExchanged_deploymentsAreNamed() {
    cloud.on("/tenant/oauth2/v2.0/token").reply(Script.json(TOKEN));
    cloud
        .on("/openai/deployments/my-mini/chat/completions")
        .reply(
            Script.json(
                "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
                    + "\"finish_reason\":\"stop\"}],"
                    + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}"));
    try (RunningGateway gateway =
        start(
            """
            dialect: azure
            api_version: "2024-10-21"
            deployments: { "some.model-v1:0": my-mini }
            base_url: %s
            credentials: { tenant: tenant, client_id: c, client_secret: s, endpoint: "%s" }
            """
                .formatted(cloud.url(), cloud.url()))) {
      ask(gateway);
      assertThat(last().header("authorization")).isEqualTo("Bearer tok");
      assertThat(last().path()).endsWith("?api-version=2024-10-21");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dialect: bedrock\n"
            + "region: eu-west-1\n"
            + "credentials: { access_key_id: AKID, secret_access_key: s }",
        "dialect: vertex\nproject: p\ncredentials: { endpoint: \"%1$s\" }",
        "dialect: azure\nkeys: [azure-key]"
      })
  void probe_ofACloud_isAuthorised_andOnlyA5xxIsASignOfDeath(String provider) {
    cloud.on(METADATA).reply(Script.json(TOKEN));
    cloud.on("/").reply(Script.error(404));
    String probed =
        "\nbase_url: %1$s\nprobe: { every: 20ms }\nbreaker: { failures: 2, open: 1h }\n";
    try (RunningGateway gateway = start((provider + probed).formatted(cloud.url()))) {
      Await.until("probes", () -> probes().size() > 5);
      assertThat(probes())
          .allMatch(request ->
              request.header("authorization") != null || request.header("api-key") != null)
          .allMatch(request -> request.method().equals("GET"));
      assertThat(gateway.admin("/metrics")).doesNotContain(OPEN);
      cloud.on("/").reply(Script.error(503));
      Await.until("the breaker is open", () -> gateway.admin("/metrics").contains(OPEN));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', /openai/v1/responses, ''",
    "'api_version: 2025-04-01-preview', /openai/responses," + " api-version=2025-04-01-preview"
  })
  void azure_storedResponses_areWhereTheyWereMade(String option, String base, String query)
      throws Exception {
    cloud
        .on(base)
        .reply(
            Script.json("{\"id\":\"resp_1\",\"status\":\"completed\",\"output\":[],\"usage\":{}}"));
    cloud.on(base + "/*").reply(Script.json("{\"kept\":true}"));
    try (RunningGateway gateway =
        start(
            "dialect: azure\nkeys: [azure-key]\nbase_url: %s\n%s\n"
                .formatted(cloud.url(), option))) {
      HttpResponse<String> made =
          post(gateway, "/v1/responses", "{\"model\":\"cloud\",\"input\":\"hi\"}");
      assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
      for (String[] asked :
          new String[][] {
            {"GET", "", "?include=usage"},
            {"GET", "/input_items", ""},
            {"POST", "/cancel", ""},
            {"DELETE", "", ""}
          }) {
        HttpResponse<String> kept =
            RunningGateway.send(
                HttpRequest.newBuilder(
                        URI.create(gateway.url() + "/v1/responses/resp_1" + asked[1] + asked[2]))
                    .method(asked[0], HttpRequest.BodyPublishers.noBody())
                    .header("Authorization", "Bearer " + RunningGateway.KEY)
                    .build());
        assertThat(kept.body()).isEqualTo("{\"kept\":true}");
        assertThat(last().method()).isEqualTo(asked[0]);
        assertThat(last().header("api-key")).isEqualTo("azure-key");
        URI sent = URI.create(last().path());
        assertThat(sent.getPath()).isEqualTo(base + "/resp_1" + asked[1]);
        String all = (query + asked[2].replace('?', query.isEmpty() ? ' ' : '&')).strip();
        assertThat(String.valueOf(sent.getQuery())).isEqualTo(all.isEmpty() ? "null" : all);
      }
    }
  }

  private List<Received> probes() {
    return cloud.requests().stream().filter(request -> request.barePath().equals("/")).toList();
  }

  @Test
  void azure_managedIdentity_givesAToken() {
    cloud.on("/metadata/identity/oauth2/token").reply(Script.json(TOKEN));
    cloud
        .on("/openai/v1/chat/completions")
        .reply(
            Script.json(
                "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
                    + "\"finish_reason\":\"stop\"}],"
                    + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}"));
    try (RunningGateway gateway =
        start(
            "dialect: azure\nbase_url: %s\ncredentials: { client_id: mine, endpoint: \"%s\" }\n"
                .formatted(cloud.url(), cloud.url()))) {
      ask(gateway);
      assertThat(last().header("authorization")).isEqualTo("Bearer tok");
      Received asked = cloud.requests().getFirst();
      assertThat(asked.header("metadata")).isEqualTo("true");
      assertThat(asked.path()).contains("cognitiveservices.azure.com").endsWith("client_id=mine");
    }
  }

  private RunningGateway startVertex() {
    return start(
        "dialect: vertex\nproject: p\nbase_url: %s\ncredentials: { endpoint: \"%s\" }\n"
            .formatted(cloud.url(), cloud.url()));
  }

  @Test
  void refusedToken_isFetchedAnew_andTheCallIsRetriedOnce() {
    cloud.on(METADATA).reply(Script.json(TOKEN.replace("\"tok\"", "\"new\"")));
    cloud.on(METADATA).first(1).reply(Script.json(TOKEN));
    cloud.on("/v1/projects/*").reply(Script.json(GEMINI));
    cloud.on("/v1/projects/*").first(1).reply(Script.error(401));
    try (RunningGateway gateway = startVertex()) {
      ask(gateway);
      assertThat(cloud.requests())
          .filteredOn(request -> request.path().startsWith("/v1/projects/"))
          .extracting(request -> request.header("authorization"))
          .containsExactly("Bearer tok", "Bearer new");
    }
  }

  @Test
  void refusedAgain_isA502InTheClientsDialect() {
    cloud.on(METADATA).reply(Script.json(TOKEN));
    cloud.on("/v1/projects/*").reply(Script.error(401));
    try (RunningGateway gateway = startVertex()) {
      HttpResponse<String> answer =
          post(
              gateway,
              "/v1/messages",
              CHAT.replace("\"messages\"", "\"max_tokens\":9,\"messages\""));
      assertThat(answer.statusCode()).isEqualTo(502);
      assertThat(answer.body()).startsWith("{\"type\":\"error\"").doesNotContain("tok");
      assertThat(cloud.requests())
          .filteredOn(request -> request.path().startsWith("/v1/projects/"))
          .hasSize(2);
    }
  }

  @Test
  void vertexEmbeddings_goByPredict_forBothClients() {
    cloud.on(METADATA).reply(Script.json(TOKEN));
    cloud
        .on("/v1/projects/*")
        .reply(
            Script.json(
                "{\"predictions\":[{\"embeddings\":{\"values\":[0.5,1],"
                    + "\"statistics\":{\"token_count\":4,\"truncated\":false}}}]}"));
    try (RunningGateway gateway = startVertex()) {
      String openai = embed(gateway, "/v1/embeddings", "{\"model\":\"cloud\",\"input\":\"hello\"}");
      assertThat(openai)
          .contains("\"embedding\":[0.5,1]", "\"prompt_tokens\":4", "\"object\":\"list\"");
      assertThat(last().path()).endsWith("/publishers/google/models/some.model-v1%3A0:predict");
      assertThat(last().text()).isEqualTo("{\"instances\":[{\"content\":\"hello\"}]}");

      String gemini =
          embed(
              gateway,
              "/v1beta/models/cloud:embedContent",
              "{\"content\":{\"parts\":[{\"text\":\"hi\"}]},\"taskType\":\"CLUSTERING\"}");
      assertThat(gemini).isEqualTo("{\"embedding\":{\"values\":[0.5,1]}}");
      assertThat(last().text())
          .isEqualTo("{\"instances\":[{\"content\":\"hi\",\"task_type\":\"CLUSTERING\"}]}");
    }
  }

  private static String embed(RunningGateway gateway, String path, String body) {
    HttpResponse<String> answer = post(gateway, path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void noCredential_isA503AtOnce_andNothingGoesUpstream() {
    cloud.on("/tenant/oauth2/v2.0/token").reply(Script.error(401));
    try (RunningGateway gateway =
        start(
            """
            dialect: azure
            base_url: %s
            credentials: { tenant: tenant, client_id: c, client_secret: s, endpoint: "%s" }
            """
                .formatted(cloud.url(), cloud.url()))) {
      cloud.awaitRequest(1);
      HttpResponse<String> answer = gateway.post("/v1/chat/completions", CHAT);
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).contains("no_healthy_target", "no credential");
      assertThat(cloud.requests())
          .allSatisfy(request -> assertThat(request.path()).startsWith("/tenant/"));
    }
  }

  @Test
  void shippedProviders_load() throws IOException {
    Path files = Path.of("..", "config", "providers");
    try (var all = Files.list(files)) {
      List<Path> shipped = all.sorted().toList();
      assertThat(shipped).hasSizeGreaterThan(15);
      for (Path file : shipped) {
        assertThat(ConfigOption.loader(Map.of()).load(file))
            .as(file.toString())
            .isInstanceOf(LoadResult.Loaded.class);
      }
    }
  }
}
