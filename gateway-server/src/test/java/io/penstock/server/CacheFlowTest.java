package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The exact cache on the request path: what is served again, to whom, in which shape. */
@ExtendWith(LeakCheck.class)
class CacheFlowTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PATH = "/v1/chat/completions";
  private static final String ON = "cache: { exact: { ttl: 1h, scope: team } }\n";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String STREAM = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");
  private static final String STREAM_USAGE =
      STREAM.replace("{\"stream\"", "{\"stream_options\":{\"include_usage\":true},\"stream\"");
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  // 1,000 x 0.15 + 100 x 0.60 USD per million.
  private static final String COST = "0.00021";

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String more) {
    return RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more));
  }

  private static String cache(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return header(response, "x-penstock-cache");
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void hit_unary_savesWhatItWouldHaveCost() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      provider.on(PATH).reply(Script.json(ANSWER));
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("miss");
      HttpResponse<String> hit = gateway.post(PATH, CHAT);
      assertThat(cache(hit)).isEqualTo("exact");
      assertThat(hit.body()).isEqualTo(ANSWER);
      assertThat(header(hit, "age")).isNotEmpty();
      assertThat(header(hit, "x-penstock-cost-usd")).isEqualTo("0.00");
      assertThat(header(hit, "x-penstock-saved-usd")).isEqualTo(COST);
      assertThat(header(hit, "x-penstock-model")).isEqualTo("gpt-4o-mini");
      assertThat(header(hit, "x-penstock-route")).isEqualTo("cache");
      assertThat(provider.requests()).hasSize(1);
      JsonNode row =
          MAPPER
              .readTree(gateway.admin("/admin/v1/requests/" + header(hit, "x-penstock-request-id")))
              .path("attempts")
              .path(0);
      assertThat(row.path("attempt").asInt(-1)).isZero();
      assertThat(row.toString()).containsIgnoringCase("\"exact\"").contains(COST);
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_cache_requests_total{layer=\"exact\",result=\"hit\"} 1.0")
          .contains("penstock_saved_usd_total{by=\"exact_cache\",team=\"engineering\"} 2.1E-4");
    }
  }

  @Test
  void hit_ofAnAnswerByADearerModel_savesWhatItCost() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      provider
          .on(PATH)
          .reply(Script.json(ANSWER.replace("\"gpt-4o-mini\"", "\"gpt-4o-2024-08-06\"")));
      HttpResponse<String> miss = gateway.post(PATH, CHAT);
      HttpResponse<String> hit = gateway.post(PATH, CHAT);
      assertThat(cache(hit)).isEqualTo("exact");
      assertThat(header(hit, "x-penstock-saved-usd"))
          .isEqualTo(header(miss, "x-penstock-cost-usd"))
          .isEqualTo("0.0035");
    }
  }

  @Test
  void hit_ofAnAnswerWhoseUsageCannotBe_savesNoMoreThanItsHold() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String absurd =
          ANSWER.replaceFirst("\"prompt_tokens\": *[0-9]+", "\"prompt_tokens\":900000000");
      provider.on(PATH).reply(Script.json(absurd));
      gateway.post(PATH, CHAT);
      HttpResponse<String> hit = gateway.post(PATH, CHAT);
      assertThat(cache(hit)).isEqualTo("exact");
      assertThat(absurd).contains("900000000");
      assertThat(new BigDecimal(header(hit, "x-penstock-saved-usd"))).isLessThan(BigDecimal.ONE);
    }
  }

  @Test
  void hit_unaryToStream_hasValidEventsAndUsageWhenAsked() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      provider.on(PATH).reply(Script.json(ANSWER));
      gateway.post(PATH, CHAT);
      HttpResponse<String> plain = gateway.post(PATH, STREAM);
      assertThat(cache(plain)).isEqualTo("exact");
      assertThat(header(plain, "content-type")).startsWith("text/event-stream");
      assertThat(text(plain.body())).isEqualTo("hello");
      assertThat(plain.body())
          .doesNotContain("\"usage\"")
          .contains(": penstock {\"cost_usd\":0.00");
      HttpResponse<String> usage = gateway.post(PATH, STREAM_USAGE);
      assertThat(usage.body())
          .contains("\"completion_tokens\":100")
          .contains("\"penstock\":{\"cost_usd\":0.00,\"saved_usd\":0.00021")
          .endsWith("data: [DONE]\n\n");
      assertThat(provider.requests()).hasSize(1);
    }
  }

  @Test
  void hit_streamToUnary_hasUsageThoughNobodyAskedForIt() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      HttpResponse<String> first = gateway.post(PATH, STREAM);
      assertThat(cache(first)).isEqualTo("miss");
      HttpResponse<String> hit = gateway.post(PATH, CHAT);
      assertThat(cache(hit)).isEqualTo("exact");
      JsonNode answer = MAPPER.readTree(hit.body());
      assertThat(answer.path("object").asText()).isEqualTo("chat.completion");
      assertThat(answer.at("/choices/0/message/content").asText()).isEqualTo(text(first.body()));
      assertThat(answer.at("/usage/completion_tokens").asLong()).isPositive();
      assertThat(hit.body()).doesNotContain("cost_usd");
      assertThat(provider.requests()).hasSize(1);
    }
  }

  @Test
  void hit_streamWithUsageToUnary_saysNothingOfTheFirstCallsCost() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      assertThat(gateway.post(PATH, STREAM_USAGE).body()).contains("cost_usd");
      HttpResponse<String> hit = gateway.post(PATH, CHAT);
      assertThat(cache(hit)).isEqualTo("exact");
      assertThat(hit.body()).contains("completion_tokens").doesNotContain("cost_usd");
    }
  }

  @Test
  void scope_ofAnotherTeam_isNeverShared() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String[] support = {
        "Authorization", "Bearer pk-support", "X-Penstock-Metadata", "{\"project\":\"p\"}"
      };
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("miss");
      assertThat(cache(gateway.post(PATH, CHAT, support))).isEqualTo("miss");
      assertThat(cache(gateway.post(PATH, CHAT, support))).isEqualTo("exact");
      assertThat(cache(gateway.post(PATH, CHAT.replace("hi", "ho")))).isEqualTo("miss");
      assertThat(provider.requests()).hasSize(3);
    }
  }

  /** Equal bodies that go to different models, as a rule says that asks who calls, and for what. */
  @Test
  void rulesThatAskForMoreThanTheBody_areInTheKey() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, ON)
                    .replace(
                        "models:\n",
                        "models:\n"
                            + "  outer: { targets: [by-place] }\n"
                            + "  by-place: { strategy: rules, rules: [ { if: 'metadata.place =="
                            + " \"dev\"', use: fake/gpt-4o-mini }, { use: fake/gpt-4o } ] }\n"))) {
      String ask = CHAT.replace("gpt-4o-mini", "outer");
      String metadata = "X-Penstock-Metadata";
      String dev = "{\"place\":\"dev\"}";
      assertThat(cache(gateway.post(PATH, ask, metadata, dev))).isEqualTo("miss");
      HttpResponse<String> live = gateway.post(PATH, ask, metadata, "{\"place\":\"live\"}");
      assertThat(cache(live)).isEqualTo("miss");
      assertThat(header(live, "x-penstock-model")).isEqualTo("gpt-4o");
      assertThat(cache(gateway.post(PATH, ask, metadata, dev))).isEqualTo("exact");
      assertThat(cache(gateway.post(PATH, ask))).as("no place is not dev").isEqualTo("exact");
    }
  }

  /** A key has no {@code stream}: one entry serves both, unless they go to different models. */
  @Test
  void rulesThatAskForTheStream_areInTheKey() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, ON)
                    .replace(
                        "models:\n",
                        "models:\n  by-stream: { strategy: rules, rules: [ { if: stream, use:"
                            + " fake/gpt-4o-mini }, { use: fake/gpt-4o } ] }\n"))) {
      String ask = CHAT.replace("gpt-4o-mini", "by-stream");
      String streamed = ask.replaceFirst("\\{", "{\"stream\":true,");
      assertThat(cache(gateway.post(PATH, ask))).isEqualTo("miss");
      HttpResponse<String> other = gateway.post(PATH, streamed);
      assertThat(cache(other)).isEqualTo("miss");
      assertThat(header(other, "x-penstock-model")).isEqualTo("gpt-4o-mini");
      assertThat(cache(gateway.post(PATH, ask))).isEqualTo("exact");
      assertThat(cache(gateway.post(PATH, streamed))).isEqualTo("exact");
    }
  }

  @Test
  void modes_doWhatTheySay() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String mode = "X-Penstock-Cache";
      HttpResponse<String> only = gateway.post(PATH, CHAT, mode, "only");
      assertThat(only.statusCode()).isEqualTo(504);
      assertThat(only.body()).contains("cache_miss");
      assertThat(provider.requests()).isEmpty();
      assertThat(cache(gateway.post(PATH, CHAT, mode, "off"))).isEqualTo("off");
      assertThat(cache(gateway.post(PATH, CHAT, mode, "no-store"))).isEqualTo("miss");
      assertThat(cache(gateway.post(PATH, CHAT, mode, "refresh"))).isEqualTo("miss");
      assertThat(cache(gateway.post(PATH, CHAT, mode, "refresh"))).isEqualTo("miss");
      assertThat(provider.requests()).hasSize(4);
      assertThat(cache(gateway.post(PATH, CHAT, mode, "only"))).isEqualTo("exact");
      assertThat(cache(gateway.post(PATH, CHAT, mode, "no-store"))).isEqualTo("exact");
      assertThat(cache(gateway.post(PATH, CHAT, mode, "off"))).isEqualTo("off");
      assertThat(gateway.post(PATH, CHAT, mode, "perhaps").statusCode()).isEqualTo(400);
      assertThat(provider.requests()).hasSize(5);
    }
  }

  @Test
  void rule_thatDoesNotHold_isOff() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "cache: { exact: [{ when: 'team == \"support\"' }] }\n")) {
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("off");
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("off");
    }
  }

  @Test
  void ttl_over_isAMiss() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "cache: { exact: { ttl: 1ms } }\n")) {
      gateway.post(PATH, CHAT);
      long stored = System.currentTimeMillis();
      Await.until("the time to live", () -> System.currentTimeMillis() > stored + 1);
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("miss");
    }
  }

  /** They share entries: each asks for the age that it allows itself. */
  @Test
  void ttl_ofAnotherRule_isNotThatOfTheEntry() throws Exception {
    String rules =
        "cache: { exact: [{ when: 'metadata.place == \"live\"', ttl: 1ms }, { ttl: 6h }] }\n";
    String[] live = {"X-Penstock-Metadata", "{\"place\":\"live\"}"};
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, rules)) {
      assertThat(cache(gateway.post(PATH, CHAT, live))).isEqualTo("miss");
      long stored = System.currentTimeMillis();
      Await.until("the time to live", () -> System.currentTimeMillis() > stored + 1);
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("exact");
      assertThat(cache(gateway.post(PATH, CHAT, live))).isEqualTo("miss");
    }
  }

  @Test
  void unsoundAnswers_areNotStored() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      for (String unsound :
          new String[] {
            ANSWER.replace("\"stop\"", "\"length\""),
            ANSWER.replace("\"stop\"", "\"content_filter\""),
            ANSWER.replace("\"content\":\"hello\"", "\"content\":null,\"refusal\":\"no\""),
            ANSWER
                .replace(
                    "\"content\":\"hello\"",
                    "\"content\":null,\"tool_calls\":[{\"id\":\"t\",\"type\":\"function\","
                        + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]")
                .replace("\"stop\"", "\"tool_calls\"")
          }) {
        provider.on(PATH).reply(Script.json(unsound));
        assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("miss");
      }
      provider.on(PATH).reply(Script.error(500));
      assertThat(gateway.post(PATH, CHAT).statusCode()).isGreaterThanOrEqualTo(500);
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"entries\":0");
    }
  }

  @Test
  void fewerChoicesThanAskedFor_areNotStored() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String two = CHAT.replace("{\"model\"", "{\"n\":2,\"model\"");
      String first =
          "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
              + "\"finish_reason\":\"stop\"}]}";
      provider.on(PATH).reply(Script.json(ANSWER));
      assertThat(cache(gateway.post(PATH, two))).isEqualTo("miss");
      provider.on(PATH).reply(Script.sse(first));
      String stream = two.replace("{\"n\"", "{\"stream\":true,\"n\"");
      assertThat(cache(gateway.post(PATH, stream))).isEqualTo("miss");
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"entries\":0");

      provider.on(PATH).reply(Script.sse(first, first.replace("\"index\":0", "\"index\":1")));
      assertThat(cache(gateway.post(PATH, stream))).isEqualTo("miss");
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"entries\":1");
      assertThat(cache(gateway.post(PATH, two))).isEqualTo("exact");
    }
  }

  @Test
  void cutStream_isNotStored() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      provider
          .on(PATH)
          .reply(
              Script.sse(
                  "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
                      + "\"delta\":{\"content\":\"half\"}}]}"));
      gateway.post(PATH, STREAM);
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"entries\":0");
    }
  }

  @Test
  void fallbackAnswer_isNotStored() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String two = CHAT.replace("gpt-4o-mini", "two");
      provider.on(PATH).model("gpt-4o").reply(Script.error(500));
      HttpResponse<String> first = gateway.post(PATH, two);
      assertThat(cache(first)).isEqualTo("miss");
      assertThat(header(first, "x-penstock-model")).isEqualTo("gpt-4o-mini");
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"entries\":0");
    }
  }

  /** The first target cools down: who answers meanwhile does not answer for it afterwards. */
  @Test
  void answerPastATargetThatIsDown_isNotStored() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, ON)
                    .replace(
                        "models:\n",
                        "models:\n  vectors: { targets: [fake/text-embedding-3-small,"
                            + " fake/text-embedding-3-large] }\n"))) {
      Script held = Script.error(429).retryAfter("600");
      provider.on(PATH).model("gpt-4o").reply(held);
      provider.on("/v1/embeddings").model("text-embedding-3-small").reply(held);
      String two = CHAT.replace("gpt-4o-mini", "two");
      String vectors = "{\"model\":\"vectors\",\"input\":[\"a\"]}";
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> answer = gateway.post(PATH, two);
        assertThat(cache(answer)).as("%d", i).isEqualTo("miss");
        HttpResponse<String> vector = gateway.post("/v1/embeddings", vectors);
        assertThat(cache(vector)).as("%d", i).isEqualTo("miss");
        if (i > 0) {
          assertThat(header(answer, "x-penstock-route"))
              .contains("past fake/gpt-4o (cooling down)");
          assertThat(header(vector, "x-penstock-route")).contains("(cooling down)");
        }
      }
    }
  }

  @Test
  void hit_isServedWhenTheBudgetIsOver() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                ON
                    + "budgets: [{ name: small, per: team, limit: 0.0003 USD, every: day }]\n"
                    + "clamp: off\n"
                    + "rates: [{ name: few, per: team, requests: 4, every: day }]")) {
      String capped = CHAT.replace("{\"model\"", "{\"max_tokens\":100,\"model\"");
      provider.on(PATH).reply(Script.json(ANSWER));
      assertThat(cache(gateway.post(PATH, capped))).isEqualTo("miss");
      assertThat(cache(gateway.post(PATH, capped.replace("hi", "ho")))).isEqualTo("miss");
      assertThat(gateway.post(PATH, capped.replace("hi", "hu")).statusCode()).isEqualTo(402);
      HttpResponse<String> hit = gateway.post(PATH, capped);
      assertThat(cache(hit)).isEqualTo("exact");
      assertThat(header(hit, "x-ratelimit-remaining-requests")).isEqualTo("1");
      assertThat(cache(gateway.post(PATH, capped))).isEqualTo("exact");
      assertThat(gateway.post(PATH, capped).statusCode()).isEqualTo(429);
    }
  }

  @Test
  void reload_editedRouteStartsCold_othersStayWarm() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String fixed = CHAT.replace("gpt-4o-mini", "fixed");
      gateway.post(PATH, CHAT);
      gateway.post(PATH, fixed);
      String edited = Files.readString(gateway.file()).replace("top_p: 0.5", "top_p: 0.6");
      Files.writeString(gateway.file(), edited);
      Reloader reloader = gateway.gateway().reloader();
      reloader.readNow();
      Await.until("the edit is in force", () -> reloader.status().version() == 2);
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("exact");
      assertThat(cache(gateway.post(PATH, fixed))).isEqualTo("miss");
    }
  }

  @Test
  void admin_dropsWhatMatchesAndTellsBefore() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      gateway.post(PATH, CHAT);
      assertThat(gateway.admin("/admin/v1/cache"))
          .contains("\"entries\":1")
          .contains("\"miss\":1")
          .contains("\"max_bytes\":268435456");
      assertThat(delete(gateway, "?team=engineering&dry_run=true")).contains("\"dropped\":1");
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("exact");
      assertThat(delete(gateway, "?team=support")).contains("\"dropped\":0");
      assertThat(delete(gateway, "?older_than=6h")).contains("\"dropped\":0");
      assertThat(delete(gateway, "?older_than=-6h")).contains("older_than: -6h (expected:");
      assertThat(delete(gateway, "")).contains("all=true");
      assertThat(delete(gateway, "?tema=engineering")).contains("tema: no such parameter");
      assertThat(delete(gateway, "?team=engineering")).contains("\"dropped\":1");
      assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("miss");
    }
  }

  @Test
  void admin_dropsByIdScopeModelTagAndAge_andTellsBefore() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String[] apollo = {"X-Penstock-Metadata", "{\"project\":\"apollo\"}"};
      for (String filter :
          new String[] {
            "scope=team:engineering",
            "model=gpt-4o-mini",
            "tag=project=apollo",
            "app=tests&team=engineering&older_than=0s",
            "all=true"
          }) {
        gateway.post(PATH, CHAT, apollo);
        long stored = System.currentTimeMillis();
        Await.until("a millisecond old", () -> System.currentTimeMillis() > stored);
        JsonNode told = MAPPER.readTree(delete(gateway, "?dry_run=true&" + filter));
        assertThat(told.path("dropped").asInt()).as(filter).isEqualTo(1);
        String id = told.path("ids").path(0).asText();
        assertThat(delete(gateway, "/" + id + "?dry_run=true&" + filter)).contains("\"dropped\":1");
        assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("exact");
        assertThat(delete(gateway, "?" + filter)).contains("\"dropped\":1");
        assertThat(delete(gateway, "?id=" + id)).contains("\"dropped\":0");
      }
      gateway.post(PATH, CHAT, apollo);
      for (String other :
          new String[] {
            "scope=team:support", "scope=org", "tag=project=gemini", "tag=apollo", "older_than=30d"
          }) {
        assertThat(delete(gateway, "?" + other)).as(other).contains("\"dropped\":0");
      }
      assertThat(delete(gateway, "?scope=user:ada")).contains("such as user:support/ann");
      assertThat(delete(gateway, "?scope=everyone")).contains("scope: everyone (expected: org");
    }
  }

  private static String delete(RunningGateway gateway, String query) {
    return RunningGateway.send(
            HttpRequest.newBuilder(
                    URI.create(
                        "http://127.0.0.1:"
                            + gateway.gateway().adminPort()
                            + "/admin/v1/cache"
                            + query))
                .DELETE()
                .build())
        .body();
  }

  private static String text(String events) throws Exception {
    StringBuilder text = new StringBuilder();
    for (String event : events.split("\n\n")) {
      if (event.startsWith("data: {")) {
        text.append(MAPPER.readTree(event.substring(6)).at("/choices/0/delta/content").asText(""));
      }
    }
    return text.toString();
  }
}
