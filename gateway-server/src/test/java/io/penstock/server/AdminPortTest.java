package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.identity.KeyRing;
import io.penstock.server.command.ExitCode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The admin port: who may ask, what is counted, whose keys there are. */
@ExtendWith(LeakCheck.class)
class AdminPortTest {
  private static final String CHAT =
      "{\"stream\":true,\"model\":\"gpt-4o-mini\","
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(AdminPortTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(directory, PROVIDER, "")
        .replace(
            "admin: { listen: 127.0.0.1:0 }",
            "admin: { listen: 127.0.0.1:0, token: s3cret-token, metrics: open }")
        .replace(
            "  \"mini-*\": fake/gpt-4o-mini\n",
            """
              "mini-*": fake/gpt-4o-mini
              "own-*": fake/behind-a-wildcard
              "any-*": { targets: [fake/*, fake/behind-the-same] }
              along: { targets: [fake/gpt-4o], shadow: { model: fake/asked-along, share: 1%, budget: 1 USD } }
            """);
  }

  @BeforeAll
  static void start() {
    assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
  }

  private static HttpResponse<String> ask(String path, String token) {
    return ask("GET", path, token);
  }

  private static HttpResponse<String> ask(String method, String path, String token) {
    gateway.awaitRecorded("Authorization", "Bearer s3cret-token");
    String url = "http://127.0.0.1:" + gateway.gateway().adminPort() + path;
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    HttpRequest.BodyPublisher body =
        method.equals("POST")
            ? HttpRequest.BodyPublishers.ofString("[]")
            : HttpRequest.BodyPublishers.noBody();
    request.method(method, body);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    return RunningGateway.send(request.build());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/admin/v1/spend",
        "/admin/v1/budgets",
        "/admin/v1/requests",
        "/admin/v1/cache",
        "/admin/v1/models",
        "/admin/v1/config",
        "/admin/v1/prices",
        "/admin/v1/keys",
        "/admin/v1/alerts"
      })
  void path_needsTheToken(String path) throws Exception {
    assertThat(ask(path, "").statusCode()).isEqualTo(401);
    assertThat(ask(path, "s3cret-tokem").statusCode()).isEqualTo(401);
    HttpResponse<String> response = ask(path, "s3cret-token");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(new ObjectMapper().readTree(response.body()).isMissingNode()).isFalse();
    assertThat(response.body()).doesNotContain("s3cret-token").doesNotContain("sk-upstream");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/healthz", "/readyz", "/metrics"})
  void probesAndOpenMetrics_needNone(String path) {
    assertThat(ask(path, "").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "penstock_requests_total{",
        "penstock_request_seconds_bucket{",
        "penstock_overhead_seconds_bucket{",
        "penstock_first_token_seconds_bucket{",
        "penstock_tokens_total{",
        "penstock_cost_usd_total{",
        "penstock_upstream_attempts_total{",
        "penstock_unattributed_usd_total",
        "penstock_inflight ",
        "penstock_ledger_queue ",
        "penstock_ledger_oldest_seconds ",
        "penstock_ledger_lost_total ",
        "penstock_ledger_refused_total ",
        "penstock_ledger_damaged ",
        "penstock_ledger_stalls_total ",
        "penstock_config_version ",
        "penstock_config_reload_failures_total "
      })
  void metric_isThere(String name) {
    assertThat(ask("/metrics", "").body().lines()).anyMatch(line -> line.startsWith(name));
  }

  @Test
  void metrics_allSayWhatTheyAre() {
    assertThat(ask("/metrics", "").body().lines())
        .filteredOn(line -> line.startsWith("# HELP penstock_"))
        .isNotEmpty()
        .allMatch(line -> line.strip().split(" ").length > 3, "has a text behind its name");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DELETE | /admin/v1/requests/7 | GET, HEAD",
        "POST | /admin/v1/spend/ | GET, HEAD",
        "POST | /admin/v1/budgets | GET, HEAD",
        "GET | /admin/v1/budgets/any/name/reset | POST",
        "PUT | /admin/v1/cache | GET, HEAD, DELETE",
        "GET | /admin/v1/cache/7/wrong | POST",
        "GET | /admin/v1/explain | POST",
        "POST | /healthz | GET, HEAD",
        "POST | /ui/app.js | GET, HEAD",
      })
  void method_thatIsNotServed_is405WithThoseThatAre(String method, String path, String allowed) {
    HttpResponse<String> response = ask(method, path, "s3cret-token");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(405);
    assertThat(response.headers().firstValue("allow")).hasValue(allowed);
    assertThat(response.body()).contains("method_not_allowed").contains(allowed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/healthz",
        "/metrics",
        "/ui",
        "/ui/",
        "/admin/v1/spend",
        "/admin/v1/spend/series?over=day",
        "/admin/v1/requests",
        "/admin/v1/cache",
        "/admin/v1/cache/forecast",
        "/admin/v1/shadows",
        "/admin/v1/status"
      })
  void head_isGetWithoutABody(String path) {
    HttpResponse<String> head = ask("HEAD", path, "s3cret-token");
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValueAsLong("content-length").orElse(0)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/admin/v1/spend/all", "/admin/v1/models/x", "/healthz/x", "/uix"})
  void path_belowOneThatIsServed_isUnknown(String path) {
    assertThat(ask(path, "s3cret-token").body()).contains("unknown_path");
  }

  @Test
  void body_whereNoneIsRead_isRefusedBeforeItComes() throws Exception {
    String[] heads = {
      "POST /healthz HTTP/1.1\r\nContent-Length: 16000000",
      "GET /readyz HTTP/1.1\r\nContent-Length: 16000000",
      "GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"
    };
    int[] statuses = {405, 413, 413};
    for (int i = 0; i < heads.length; i++) {
      String request = heads[i].replaceFirst("HTTP/1.1", "HTTP/1.1\r\nHost: x") + "\r\n\r\n";
      try (RawClient client = RawClient.toPort(gateway.gateway().adminPort())) {
        client.send(request);
        assertThat(client.readUntil("\r\n\r\n")).contains("HTTP/1.1 " + statuses[i]);
      }
    }
  }

  @Test
  void body_underWay_countsWithTheRequestBytes_andIsGivenBack() throws Exception {
    try (RawClient client = RawClient.toPort(gateway.gateway().adminPort())) {
      client.send(
          "POST /admin/v1/explain HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cret-token\r\n"
              + "Content-Length: 70000\r\n\r\n"
              + " ".repeat(40_000));
      Await.until("it is counted", () -> status().contains("\"inflight_bytes\":40000"));
    }
    Await.until("it is given back", () -> status().contains("\"inflight_bytes\":0"));
    assertThat(ask("POST", "/admin/v1/explain", "s3cret-token").statusCode()).isEqualTo(400);
    Await.until("answered too", () -> status().contains("\"inflight_bytes\":0"));
  }

  @Test
  void requests_listWhatWasJustAnswered() {
    String id =
        gateway
            .post("/v1/chat/completions", CHAT)
            .headers()
            .firstValue("x-penstock-request-id")
            .orElseThrow();
    assertThat(ask("/admin/v1/requests?limit=1", "s3cret-token").body()).contains(id);
  }

  @Test
  void spend_byMoreThanAnybodyReads_isRefused() {
    HttpResponse<String> wrong =
        ask("/admin/v1/spend?by=" + "team,".repeat(3_000) + "team", "s3cret-token");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("by: 3001 dimensions (expected: at most 32)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          movers=maybe                   | movers: maybe (expected: on, off)
          bye=team                       | bye: no such parameter (expected: by, from, to, where, find, limit, movers, format; did you mean by?)
          group=team                     | group: no such parameter (expected: by, from,
          by=team&by=model               | by: team and model (expected: it once)
          by=team,team                   | by: team,team (expected: each one once)
          where=team:a&where=team:b      | where: team (expected: each one once)
          where=budget:org               | no such dimension: budget (expected: team, app, user, end_user, key, model, provider, endpoint, route, session, status,
          from=%2B12026-01-01T00:00:00Z  | from: +12026-01-01T00:00:00Z (expected: a time in the years 1970 to 9999)
          from=1960-01                   | from: 1960-01 (expected: a time in the years 1970 to 9999)
          format=focus                   | format: focus (expected: table, csv or json)
          """)
  void spend_whatWouldBePassedOver_isRefusedByName(String query, String said) {
    HttpResponse<String> wrong = ask("/admin/v1/spend?" + query, "s3cret-token");
    assertThat(wrong.statusCode()).as(wrong.body()).isEqualTo(400);
    assertThat(wrong.body()).contains(said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET    | spend/series?tema=a           | tema: no such parameter (expected: by, from, to, where, key, over, top)
          GET    | spend/series?limit=3          | limit: no such parameter (expected: by,
          GET    | spend/series?over=day&over=hour | over: day and hour (expected: it once)
          GET    | requests?limt=5               | limt: no such parameter (expected: limit, before, where, from, to; did you mean limit?)
          GET    | budgets?subject=ann           | subject: no such parameter (expected: limit, cursor)
          GET    | budgets/all/burn-down?subjct=ann | subjct: no such parameter (expected: subject, override; did you mean subject?)
          GET    | keys?tema=support             | tema: no such parameter (expected: team; did you mean team?)
          GET    | prices?providers=fake         | providers: no such parameter (expected: provider; did you mean provider?)
          GET    | cache/forecast?over=day       | over: no such parameter (expected: by)
          DELETE | cache?tags=a                  | tags: no such parameter (expected: id, scope, team, app, model, tag, older_than, all, dry_run, similar_to, similarity; did you mean tag?)
          DELETE | cache?tag=a=1&tag=b=2         | tag: a=1 and b=2 (expected: it once)
          DELETE | cache/7?tags=a                | tags: no such parameter (expected: id, scope,
          POST   | cache/7/wrong?team=a          | team: no such parameter (expected: id, dry_run)
          POST   | budgets/all/top-up?subject=ann | subject: no such parameter (expected: none)
          GET    | models?limit=3               | limit: no such parameter (expected: none)
          """)
  void parameters_thatWouldBePassedOver_areRefusedByName(String method, String of, String said) {
    HttpResponse<String> wrong = ask(method, "/admin/v1/" + of, "s3cret-token");
    assertThat(wrong.statusCode()).as(wrong.body()).isEqualTo(400);
    assertThat(wrong.body()).contains(said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spend/series?by=team&over=month&top=3&key=a&key=b&where=app:x&where=user:y&from=2024-01-01",
        "requests?limit=5",
        "budgets?limit=5&cursor=",
        "keys?team=support",
        "prices?provider=fake",
        "cache/forecast?by=route"
      })
  void parameters_thatAPathTakes_areTaken(String of) {
    HttpResponse<String> right = ask("/admin/v1/" + of, "s3cret-token");
    assertThat(right.statusCode()).as(right.body()).isEqualTo(200);
  }

  @Test
  void spend_ofAllYears_isAnswered() {
    HttpResponse<String> all = ask("/admin/v1/spend?from=1970-01&to=9999-12", "s3cret-token");
    assertThat(all.statusCode()).as(all.body()).isEqualTo(200);
  }

  private static String status() {
    return ask("/admin/v1/status", "s3cret-token").body();
  }

  @Test
  void requests_beforeWhatIsNoId_isRefused_andAnIdPagesOn() {
    HttpResponse<String> wrong = ask("/admin/v1/requests?before=yesterday", "s3cret-token");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("before: yesterday (expected: the id of a request)");
    String id = "01890a5d-ac96-774b-bcce-b302099a8057";
    assertThat(ask("/admin/v1/requests?before=" + id, "s3cret-token").statusCode()).isEqualTo(200);
  }

  @Test
  void budgets_cursorThatNoPageGave_isRefused() {
    HttpResponse<String> wrong = ask("/admin/v1/budgets?cursor=abc", "s3cret-token");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("cursor: abc (expected: the next of the page before");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "?team=engineering&similarity=0.9",
        "?all=true&similarity=0.9",
        "/7?similarity=0.9"
      })
  void cacheDrop_similarityToNothing_isRefused(String query) {
    HttpResponse<String> wrong = ask("DELETE", "/admin/v1/cache" + query, "s3cret-token");
    assertThat(wrong.statusCode()).as(wrong.body()).isEqualTo(400);
    assertThat(wrong.body()).contains("similarity: 0.9 (expected: with similar_to");
  }

  @ParameterizedTest
  @CsvSource({"DELETE, /7?id=8", "DELETE, /7?id=", "DELETE, /7?id=8&team=x", "POST, /7/wrong?id=8"})
  void cache_twoIds_areRefused(String method, String query) {
    HttpResponse<String> wrong = ask(method, "/admin/v1/cache" + query, "s3cret-token");
    assertThat(wrong.statusCode()).as(wrong.body()).isEqualTo(400);
    assertThat(wrong.body()).contains("(expected: none beside the path's 7)");
  }

  @Test
  void cacheDrop_sameIdTwice_isOne() {
    HttpResponse<String> same = ask("DELETE", "/admin/v1/cache/7?id=7", "s3cret-token");
    assertThat(same.statusCode()).as(same.body()).isEqualTo(200);
  }

  @Test
  void keys_areListedWithoutTheirHashes() throws Exception {
    JsonNode keys =
        new ObjectMapper().readTree(ask("/admin/v1/keys", "s3cret-token").body()).path("keys");
    assertThat(keys.findValuesAsText("id"))
        .containsExactly("k-test", "k-support", "k-old", "k-off", "k-far");
    assertThat(keys.findValuesAsText("state"))
        .containsExactly("active", "active", "expired", "disabled", "active");
    assertThat(keys.path(0).path("user").asText()).isEqualTo("ada");
    assertThat(keys.path(1).path("require").path(0).asText()).isEqualTo("project");
    assertThat(keys.toString()).doesNotContain(KeyRing.hash(RunningGateway.KEY));
    HttpResponse<String> support = ask("/admin/v1/keys?team=support", "s3cret-token");
    assertThat(support.body()).contains("k-support").doesNotContain("k-test");
  }

  @Test
  void check_targetWithoutAPrice_isAWarningThatNamesIt() {
    StringWriter said = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(said))
            .execute("check", "--config", gateway.file().toString());
    assertThat(code).as(said.toString()).isZero();
    assertThat(said.toString())
        .containsPattern(
            "warning: .*penstock\\.yaml:[0-9]+:[0-9]+: models\\.[^:]+:"
                + " fake/nobody-knows-this-price: no price is known \\(expected: a model of the"
                + " catalogue `openai`, an entry")
        .contains(": fake/behind-a-wildcard: no price is known")
        .contains(": fake/behind-the-same: no price is known")
        .contains(": fake/asked-along: no price is known")
        .doesNotContain("fake/*");
  }

  @Test
  void check_strict_isARefusalOfWarnings() {
    StringWriter said = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(said))
            .execute("check", "--strict", "--config", gateway.file().toString());
    assertThat(code).as(said.toString()).isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(said.toString()).contains("to be warned of (--strict)");
  }
}
