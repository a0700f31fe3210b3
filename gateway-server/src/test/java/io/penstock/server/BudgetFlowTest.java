package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Budgets and rates on the request path: held before the call, settled once, refused in words. */
@ExtendWith(LeakCheck.class)
class BudgetFlowTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  // 1,000 x 0.15 + 100 x 0.60 USD per million.
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String more) {
    return RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more));
  }

  /** Returns the row of a request that has one. */
  private static JsonNode attempt(RunningGateway gateway, HttpResponse<String> of)
      throws IOException {
    String id = of.headers().firstValue("x-penstock-request-id").orElse("");
    return MAPPER.readTree(gateway.admin("/admin/v1/requests/" + id)).path("attempts").path(0);
  }

  @Test
  void budget_usedUp_is402ThatNamesItAndReachesNoProvider() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: small, per: team, limit: 0.0003 USD, every: day }]\n"
                    + "clamp: off")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      HttpResponse<String> first = gateway.post("/v1/chat/completions", CHAT);
      assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
      assertThat(first.headers().firstValue("x-penstock-budget-remaining-usd")).isPresent();
      gateway.post("/v1/chat/completions", CHAT);
      HttpResponse<String> refused = gateway.post("/v1/chat/completions", CHAT);
      assertThat(refused.statusCode()).isEqualTo(402);
      assertThat(refused.headers().firstValue("x-should-retry")).hasValue("false");
      assertThat(refused.body())
          .contains("budget_exceeded")
          .contains("Budget small of engineering");
      assertThat(provider.requests()).hasSize(2);
      JsonNode row = attempt(gateway, refused);
      assertThat(row.path("attempt").asInt()).isZero();
      assertThat(row.path("rule").asText()).isEqualTo("small");
      assertThat(row.path("cost_usd").asText()).isEqualTo("0.00");
      assertThat(gateway.admin("/metrics")).contains("penstock_budget_denied_total");
      assertThat(gateway.admin("/admin/v1/budgets"))
          .contains("\"budget\":\"small\"")
          .contains("\"spent\":\"0.00042 USD\"");
    }
  }

  @Test
  void budget_heldByACallUnderWay_isNotSpentTwice() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: one, limit: 0.00012 USD, every: total }]\nclamp: off")) {
      Gate gate = new Gate("answer");
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
      CompletableFuture<HttpResponse<String>> first =
          CompletableFuture.supplyAsync(() -> gateway.post("/v1/chat/completions", CHAT));
      provider.awaitRequest(1);
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(402);
      gate.open();
      assertThat(first.get().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void budget_heldByACallThatAsksForMoreThanAnyModelGives_hasRoomForOthers() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "budgets: [{ name: one, limit: 0.1 USD, every: total }]\n")) {
      Gate gate = new Gate("answer");
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
      String greedy = CHAT.replace(":100,", ":1000000000,");
      CompletableFuture<HttpResponse<String>> first =
          CompletableFuture.supplyAsync(() -> gateway.post("/v1/chat/completions", greedy));
      assertThat(provider.awaitRequest(1).text()).contains("1000000000");
      // 128,000 tokens of 0.60 USD per million, and the prompt.
      assertThat(gateway.admin("/admin/v1/budgets")).contains("\"held\":\"0.0768");
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      gate.open();
      assertThat(first.get().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void budget_ofOneTarget_sendsTheRouteOn() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: dear, when: 'target == \"fake/gpt-4o\"', limit: 0.000001 USD"
                    + " }]")) {
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "two"));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.headers().firstValue("x-penstock-model")).hasValue("gpt-4o-mini");
      assertThat(gateway.admin("/metrics")).contains("denied_total{budget=\"dear\"} 0.0");
    }
  }

  @Test
  void budget_overUse_redirectsOnce() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: nearly, limit: 0.000001 USD, every: day, over: { use: fixed"
                    + " } }]")) {
      HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.headers().firstValue("x-penstock-route")).hasValue("budget nearly");
      assertThat(gateway.admin("/metrics")).contains("denied_total{budget=\"nearly\"} 0.0");
      assertThat(provider.awaitRequest(1).text()).contains("\"temperature\":0");
    }
  }

  @Test
  void budget_overUse_ofAnotherKind_is402() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets:\n"
                    + "  - { name: texts, when: 'endpoint == \"embeddings\"', limit: 0.00000001"
                    + " USD, over: { use: fixed } }\n"
                    + "  - { name: vectors, when: 'endpoint == \"chat\"', limit: 0.00000001 USD,"
                    + " over: { use: text-embedding-3-small } }\n"
                    + "clamp: off")) {
      String embeddings = "{\"model\":\"text-embedding-3-small\",\"input\":\"hi\"}";
      HttpResponse<String> response = gateway.post("/v1/embeddings", embeddings);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(402);
      assertThat(response.body()).contains("Budget texts");
      HttpResponse<String> chat = gateway.post("/v1/chat/completions", CHAT);
      assertThat(chat.statusCode()).as(chat.body()).isEqualTo(402);
      assertThat(chat.body()).contains("Budget vectors");
      assertThat(provider.requests()).isEmpty();
      assertThat(gateway.explain("embeddings", embeddings, "{}"))
          .contains("Budget texts")
          .doesNotContain("redirect");
    }
  }

  @Test
  void budget_overUse_withClamp_redirectsBeforeItLowersTheCap() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: nearly, limit: 0.0001 USD, every: day, over: { use: fixed } }]\n"
                    + "clamp: on")) {
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", CHAT.replace("\"max_tokens\":100,", ""));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.headers().firstValue("x-penstock-route")).hasValue("budget nearly");
      assertThat(response.headers().firstValue("x-penstock-max-tokens")).isEmpty();
      assertThat(provider.awaitRequest(1).text()).contains("\"temperature\":0");
    }
  }

  @Test
  void clamp_ofARedirectedCall_lowersTheCapToWhatIsLeftUpToDenyAt() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets:\n"
                    + "  - { name: nearly, limit: 0.001 USD, every: day,"
                    + " over: { use: fixed, deny_at: 150% } }\n"
                    + "  - { name: cap, per: user, limit: 0.002 USD, every: day }\n"
                    + "clamp: on")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      int served = 0;
      while (gateway
              .post("/v1/chat/completions", CHAT.replace("\"max_tokens\":100,", ""))
              .statusCode()
          == 200) {
        served++;
      }
      // Each costs 0.00021 USD; the seventh is let through with what is left of 0.0015 USD.
      assertThat(served).isEqualTo(7);
    }
  }

  @Test
  void clamp_lowersTheCapToWhatTheBudgetAffords() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "budgets: [{ name: small, limit: 0.0001 USD, every: day }]")) {
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", CHAT.replace("\"max_tokens\":100,", ""));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      String cap = response.headers().firstValue("x-penstock-max-tokens").orElse("");
      assertThat(Integer.parseInt(cap)).isBetween(16, 200);
      assertThat(provider.awaitRequest(1).text()).contains(":" + cap);
    }
  }

  @Test
  void clamp_ofLegacyCompletions_isSentToo() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "budgets: [{ name: small, limit: 0.0001 USD, every: day }]")) {
      provider.on("/v1/completions").reply(Script.json(ANSWER));
      String body = "{\"model\":\"gpt-4o-mini\",\"max_tokens\":9000,\"prompt\":\"Once\"}";
      HttpResponse<String> response = gateway.post("/v1/completions", body);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      String cap = response.headers().firstValue("x-penstock-max-tokens").orElse("");
      assertThat(Integer.parseInt(cap)).isBetween(16, 200);
      assertThat(provider.awaitRequest(1).text()).contains("\"max_tokens\":" + cap + ",");
    }
  }

  @Test
  void budget_overUse_whereTheOtherModelIsRefusedToo_is402ThatNamesTheFirst() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets:\n"
                    + "  - { name: first, limit: 0.000001 USD, every: day, over: { use: fixed } }\n"
                    + "  - { name: second, when: 'app == \"tests\"', limit: 0.000001 USD }\n"
                    + "clamp: off")) {
      HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
      assertThat(response.statusCode()).isEqualTo(402);
      assertThat(response.body()).contains("Budget first").doesNotContain("second");
      assertThat(gateway.admin("/metrics"))
          .contains("denied_total{budget=\"first\"} 1.0")
          .contains("denied_total{budget=\"second\"} 0.0");
      assertThat(provider.requests()).isEmpty();
    }
  }

  @Test
  void clamp_severalBudgets_lowersTheCapToWhatTheTightestAffords() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets:\n"
                    + "  - { name: wide, limit: 0.001 USD, every: day }\n"
                    + "  - { name: narrow, per: user, limit: 0.0005 USD, every: day }\n"
                    + "  - { name: narrowest, per: key, limit: 0.0001 USD, every: day }\n")) {
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", CHAT.replace("\"max_tokens\":100,", ""));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      String cap = response.headers().firstValue("x-penstock-max-tokens").orElse("");
      assertThat(Integer.parseInt(cap)).isBetween(16, 200);
    }
  }

  @Test
  void clamp_budgetOfTokens_lowersTheCapToWhatIsLeft_alsoBelowWhatWasAskedFor() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets:\n"
                    + "  - { name: tokens, limit: 10k tokens, every: day }\n"
                    + "  - { name: money, per: user, limit: 0.1 USD, every: day }\n")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      for (String asked : List.of("", "\"max_tokens\":20000,")) {
        HttpResponse<String> response =
            gateway.post("/v1/chat/completions", CHAT.replace("\"max_tokens\":100,", asked));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        String cap = response.headers().firstValue("x-penstock-max-tokens").orElse("");
        assertThat(Integer.parseInt(cap)).isBetween(8_000, 10_000 - CHAT.length());
        assertThat(provider.requests().getLast().text()).contains(":" + cap);
      }
      HttpResponse<String> fits = gateway.post("/v1/chat/completions", CHAT);
      assertThat(fits.headers().firstValue("x-penstock-max-tokens")).isEmpty();
    }
  }

  @Test
  void clamp_moneyAndTokens_theSmallerOfTheTwo() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets:\n"
                    + "  - { name: tokens, limit: 10k tokens, every: day }\n"
                    + "  - { name: money, per: user, limit: 0.0001 USD, every: day }\n")) {
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", CHAT.replace("\"max_tokens\":100,", ""));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      String cap = response.headers().firstValue("x-penstock-max-tokens").orElse("");
      assertThat(Integer.parseInt(cap)).isBetween(16, 200);
    }
  }

  @Test
  void tokenRate_takesTheEstimate_andIsCorrectedByWhatWasUsed() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "rates: [{ name: tpm, per: team, tokens: 10000, every: minute }]\nclamp: off")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String open = CHAT.replace("\"max_tokens\":100,", "");
      HttpResponse<String> first = gateway.post("/v1/chat/completions", open);
      assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
      assertThat(left(first)).isEqualTo(8_900);

      String prompt = "word ".repeat(6_000);
      HttpResponse<String> second =
          gateway.post("/v1/chat/completions", CHAT.replace("hi", prompt));
      assertThat(second.statusCode()).as(second.body()).isEqualTo(200);
      // Taken were some 7,600, in the worst case more than 30,000; used are 1,100.
      assertThat(left(second)).isEqualTo(7_800);

      String tooMuch = "word ".repeat(60_000);
      HttpResponse<String> refused =
          gateway.post("/v1/chat/completions", CHAT.replace("hi", tooMuch));
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.body()).contains("this call takes 10000");
    }
  }

  @Test
  void modelThatSearchesUnasked_isBilledASearch_whichNoUsageReports() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace(
                        "\nmodels:\n", "\nmodels:\n  searcher: fake/gpt-4o-search-preview\n"))) {
      provider
          .on("/v1/chat/completions")
          .reply(Script.json(ANSWER.replace("gpt-4o-mini", "gpt-4o-search-preview")));
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "searcher"));
      // 1,000 x 2.50 + 100 x 10 USD per million, and one search of 50 USD per thousand.
      assertThat(response.headers().firstValue("x-penstock-cost-usd"))
          .as(response.body())
          .hasValue("0.0535");
    }
  }

  private static int left(HttpResponse<String> response) {
    return Integer.parseInt(
        response.headers().firstValue("x-ratelimit-remaining-tokens").orElse("-1"));
  }

  @Test
  void cost_aboveTheBound_isDebtThatBlocksTheNext_andIsCountedInAMetric() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider, "budgets: [{ name: one, limit: 0.0003 USD, every: day }]\nclamp: off")) {
      provider
          .on("/v1/chat/completions")
          .reply(
              Script.json(
                  ANSWER.replace("\"completion_tokens\":100", "\"completion_tokens\":900")));
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(402);
      // 1,000 x 0.15 + 900 x 0.60 USD per million is more than was held, and than the limit.
      assertThat(gateway.admin("/admin/v1/budgets")).contains("\"spent\":\"0.00069 USD\"");
      assertThat(gateway.admin("/metrics"))
          .containsPattern(
              "penstock_bound_exceeded_usd_total\\{[^}]*model=\"gpt-4o-mini\"[^}]*\\} \\d");
    }
  }

  /** An answer that was long in coming says how the rates stand when it comes. */
  @Test
  void rateHeaders_ofALateAnswer_countWhatCameMeanwhile() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "rates: [{ name: r, per: key, requests: 10, every: day }]")) {
      Gate gate = new Gate("late");
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
      CompletableFuture<HttpResponse<String>> late =
          CompletableFuture.supplyAsync(() -> gateway.post("/v1/chat/completions", CHAT));
      gate.awaitArrival();
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      HttpResponse<String> second = gateway.post("/v1/chat/completions", CHAT);
      assertThat(second.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("8");
      gate.open();

      assertThat(late.join().headers().firstValue("x-ratelimit-remaining-requests")).hasValue("8");
    }
  }

  @Test
  void rate_refused_is429AndARefusalConsumesNothing() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "rates: [{ name: per-key, per: key, requests: 2, every: day }]")) {
      assertThat(gateway.post("/v1/chat/completions", "{\"model\":\"unheard-of\"}").statusCode())
          .isEqualTo(404);
      HttpResponse<String> first = gateway.post("/v1/chat/completions", CHAT);
      assertThat(first.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("1");
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      HttpResponse<String> refused = gateway.post("/v1/chat/completions", CHAT);
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.body()).contains("rate_limited").contains("per-key");
      assertThat(attempt(gateway, refused).path("rule").asText()).isEqualTo("per-key");
      assertThat(gateway.admin("/metrics"))
          .containsPattern("penstock_rate_limited_total\\{limit=\"per-key\"\\} 1");
      assertThat(refused.headers().firstValue("retry-after")).isPresent();
      assertThat(refused.headers().firstValue("x-should-retry")).hasValue("false");
      assertThat(refused.headers().firstValue("x-ratelimit-limit-requests")).hasValue("2");
      assertThat(refused.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("0");
      assertThat(refused.headers().firstValue("x-ratelimit-reset-requests").orElse(""))
          .matches("(\\d+h)?(\\d+m)?\\d+s|\\d+ms");
      HttpResponse<String> other = gateway.post("/v1/messages", CHAT);
      assertThat(other.statusCode()).isEqualTo(429);
      assertThat(other.headers().firstValue("anthropic-ratelimit-requests-limit")).hasValue("2");
      assertThat(other.headers().firstValue("anthropic-ratelimit-requests-remaining"))
          .hasValue("0");
      assertThat(other.headers().firstValue("anthropic-ratelimit-requests-reset").orElse(""))
          .matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
    }
  }

  @Test
  void toolsThatTheRouteSets_areHeld_andNeverOverspend() throws Exception {
    // Three searches of 0.01 USD each are held; the budget affords one call that makes them.
    String answer =
        "{\"id\":\"r1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"gpt-5-mini\","
            + "\"tool_usage\":{\"web_search\":{\"num_requests\":3}},"
            + "\"output\":[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":"
            + "\"output_text\",\"text\":\"found\"}]}],"
            + "\"usage\":{\"input_tokens\":20000,\"output_tokens\":50,\"total_tokens\":20050}}";
    String route =
        "\nmodels:\n  searching: { strategy: priority, targets: [{ model: fake/gpt-5-mini,"
            + " set: { tools: [{ type: web_search }] } }] }\n";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(
                        directory,
                        provider,
                        "budgets: [{ name: searches, limit: 0.06 USD, every: total }]\nclamp: off")
                    .replace("\nmodels:\n", route))) {
      Gate gate = new Gate("answer");
      provider.on("/v1/responses").reply(Script.json(answer).pauseBeforeHeaders(gate));
      String body = "{\"model\":\"searching\",\"max_output_tokens\":100,\"input\":\"hi\"}";
      CompletableFuture<HttpResponse<String>> first =
          CompletableFuture.supplyAsync(() -> gateway.post("/v1/responses", body));
      provider.awaitRequest(1);
      assertThat(gateway.post("/v1/responses", body).statusCode()).isEqualTo(402);
      gate.open();
      HttpResponse<String> served = first.get();
      assertThat(served.statusCode()).as(served.body()).isEqualTo(200);
      // 20,000 x 0.25 + 50 x 2 USD per million, and three searches.
      assertThat(attempt(gateway, served).path("cost_usd").asText()).isEqualTo("0.0351");
      assertThat(gateway.admin("/metrics")).doesNotContain("penstock_bound_exceeded_usd_total{");
    }
  }

  @Test
  void restart_countersComeBackFromTheLedger() {
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String budgets = "budgets: [{ name: kept, limit: 0.0003 USD, every: total }]\nclamp: off";
      try (RunningGateway gateway = start(provider, budgets)) {
        assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
        assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }
      try (RunningGateway again = start(provider, budgets)) {
        assertThat(again.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(402);
      }
    }
  }
}
