package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses that a provider keeps: all keys share its account, so each sees its own only. */
@ExtendWith(LeakCheck.class)
class StoredResponsesTest {
  private static final String WHOLE =
      """
      {"id":"resp_%1$s","object":"response","status":"completed","model":"gpt-4o-mini","output":[{"type":"message","id":"msg_%1$s","role":"assistant","content":[]}],\
      "usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}\
      """;
  private static final String STRANGER = "Bearer pk-support";

  @TempDir static Path second;
  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(StoredResponsesTest::yaml, PROVIDER);

  private static RunningGateway replica;

  private static String yaml(Path directory) {
    String state = "state: { redis: \"%s\" }".formatted(RedisServer.shared().uri());
    return RunningGateway.yaml(directory, PROVIDER, state);
  }

  @BeforeAll
  static void start() {
    replica = RunningGateway.start(second, yaml(second));
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  private static void create(String id, boolean stream) {
    String whole = WHOLE.formatted(id);
    Script answer =
        stream
            ? Script.sse(
                "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_" + id + "\"}}",
                "data: {\"type\":\"response.completed\",\"response\":" + whole + "}")
            : Script.json(whole);
    PROVIDER.on("/v1/responses").reply(answer);
    String ask = "{\"model\":\"gpt-4o-mini\",\"input\":\"Hi\",\"stream\":" + stream + "}";
    assertThat(gateway.post("/v1/responses", ask).statusCode()).isEqualTo(200);
    PROVIDER.reset();
  }

  private static HttpResponse<String> ask(
      RunningGateway of, String method, String path, String authorization) {
    return RunningGateway.send(
        HttpRequest.newBuilder(URI.create(of.url() + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .header("Authorization", authorization)
            .header("X-Penstock-Metadata", "{\"project\":\"x\"}")
            .build());
  }

  @ParameterizedTest
  @CsvSource({
    "GET, '', ''",
    "GET, '?include[]=usage', '?include[]=usage'",
    "DELETE, '', ''",
    "GET, /input_items, /input_items",
    "POST, /cancel, /cancel"
  })
  void own_goesToItsProvider(String method, String more, String sent) {
    create("own", more.isEmpty());
    String path = "/v1/responses/resp_own" + sent.replace("[]", "%5B%5D");
    PROVIDER
        .on("/v1/responses/resp_own" + more.replaceAll("\\?.*", ""))
        .reply(Script.json("{\"a\":1}"));

    HttpResponse<String> answer = ask(gateway, method, path, "Bearer " + RunningGateway.KEY);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"a\":1}");
    assertThat(PROVIDER.awaitRequest(1).path()).isEqualTo(path);
    assertThat(PROVIDER.awaitRequest(1).header("authorization")).isEqualTo("Bearer sk-upstream");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/responses/resp_theirs",
        "/v1/responses/resp_theirs/input_items",
        "/v1/responses/resp_nobodys",
        "/v1/responses/..%2Ffiles",
        "/v1/responses/resp_theirs/other"
      })
  void notOwn_is404AndNeverAsked(String path) {
    create("theirs", false);

    HttpResponse<String> answer = ask(gateway, "GET", path, STRANGER);

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("unknown_path");
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void otherReplica_knowsWhoseItIs() {
    create("shared", true);
    PROVIDER.on("/v1/responses/resp_shared").reply(Script.json("{\"a\":2}"));
    String path = "/v1/responses/resp_shared";

    assertThat(ask(replica, "GET", path, "Bearer " + RunningGateway.KEY).body())
        .isEqualTo("{\"a\":2}");
    assertThat(ask(replica, "GET", path, STRANGER).statusCode()).isEqualTo(404);
  }

  @Test
  void previousResponse_ofAnother_isRefused() {
    create("first", false);
    PROVIDER.on("/v1/responses").reply(Script.json(WHOLE.formatted("second")));
    String ask =
        "{\"model\":\"gpt-4o-mini\",\"input\":\"And?\",\"previous_response_id\":\"resp_first\"}";

    HttpResponse<String> stranger =
        gateway.post(
            "/v1/responses",
            ask,
            "Authorization",
            STRANGER,
            "X-Penstock-Metadata",
            "{\"project\":\"x\"}");
    assertThat(stranger.statusCode()).isEqualTo(400);
    assertThat(stranger.body()).contains("previous_response_id", "of yours");
    assertThat(PROVIDER.requests()).isEmpty();

    assertThat(gateway.post("/v1/responses", ask).statusCode()).isEqualTo(200);
    assertThat(PROVIDER.awaitRequest(1).text()).contains("resp_first");
  }

  /** An item is as much of a conversation as the response that it stands in. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "true  | {\"type\":\"item_reference\",\"id\":\"msg_item\"}",
        "false | {\"type\":\"item_reference\",\"id\":\"msg_item\"}",
        "true  | {\"id\":\"msg_item\"}",
        "false | {\"type\":null,\"id\":\"msg_item\"}",
        "true  | {\"type\":\"reasoning\",\"id\":\"msg_item\",\"summary\":[]}",
      })
  void item_ofAnother_isRefused(boolean stream, String item) {
    create("item", stream);
    PROVIDER.on("/v1/responses").reply(Script.json(WHOLE.formatted("next")));
    PROVIDER.on("/v1/responses/input_tokens").reply(Script.json("{\"input_tokens\":9}"));
    String ask =
        "{\"model\":\"gpt-4o-mini\",\"input\":[{\"role\":\"user\",\"content\":\"And?\"},"
            + item
            + "]}";

    for (String path : List.of("/v1/responses", "/v1/responses/input_tokens")) {
      HttpResponse<String> stranger =
          gateway.post(
              path, ask, "Authorization", STRANGER, "X-Penstock-Metadata", "{\"project\":\"x\"}");
      assertThat(stranger.statusCode()).as(stranger.body()).isEqualTo(400);
      assertThat(stranger.body()).contains("\"param\":\"input[1]\"", "of yours");
    }
    assertThat(PROVIDER.requests()).isEmpty();
  }

  /** Gateway and provider could look for different ones. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"message\",\"type\":\"item_reference\",\"id\":\"msg_item\"}",
        "{\"type\":\"item_reference\",\"id\":\"msg_nobodys\",\"id\":\"msg_item\"}"
      })
  void item_namedTwice_isRefusedUnread(String item) {
    HttpResponse<String> response =
        gateway.post("/v1/responses", "{\"model\":\"gpt-4o-mini\",\"input\":[" + item + "]}");

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("invalid_json");
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void item_own_isSent_andFoundByTheOtherReplica() {
    create("mine", false);
    PROVIDER.on("/v1/responses").reply(Script.json(WHOLE.formatted("after")));
    String ask =
        "{\"model\":\"gpt-4o-mini\",\"input\":[{\"type\":\"item_reference\",\"id\":\"%s\"}]}";

    assertThat(gateway.post("/v1/responses", ask.formatted("msg_mine")).statusCode())
        .isEqualTo(200);
    assertThat(PROVIDER.awaitRequest(1).text()).contains("msg_mine");
    assertThat(replica.post("/v1/responses", ask.formatted("resp_mine")).statusCode())
        .isEqualTo(200);
    HttpResponse<String> unknown = gateway.post("/v1/responses", ask.formatted("msg_unknown"));
    assertThat(unknown.statusCode()).isEqualTo(400);
    assertThat(unknown.body()).contains("msg_unknown");
  }

  /** What is sent whole is nobody's property, and neither is a thought that this gateway told. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"message\",\"id\":\"msg_x\",\"role\":\"assistant\",\"content\":[]}",
        "{\"role\":\"user\",\"content\":\"Hi\"}",
        "{\"type\":\"reasoning\",\"id\":\"rs_x\",\"summary\":[]}",
        "{\"type\":\"reasoning\",\"id\":\"rs_x\",\"summary\":[],\"encrypted_content\":\"e\"}",
      })
  void item_withItsContent_isSent(String item) {
    PROVIDER.on("/v1/responses").reply(Script.json(WHOLE.formatted("whole")));

    HttpResponse<String> answer =
        gateway.post("/v1/responses", "{\"model\":\"gpt-4o-mini\",\"input\":[" + item + "]}");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"background\":true", "\"conversation\":\"conv_1\""})
  void outOfSight_isRefused(String field) {
    HttpResponse<String> answer =
        gateway.post("/v1/responses", "{\"model\":\"gpt-4o-mini\",\"input\":\"Hi\"," + field + "}");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("unsupported_parameter");
    assertThat(PROVIDER.requests()).isEmpty();
  }
}
