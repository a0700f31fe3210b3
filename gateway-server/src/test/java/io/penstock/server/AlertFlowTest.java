package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Thresholds reach a webhook, signed and again when it fails; budgets are topped up and reset. */
class AlertFlowTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  // 210,000 nano-USD.
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String more) {
    return RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more));
  }

  @Test
  void threshold_isPostedSigned_andAgainWhenTheReceiverFails() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        FakeProvider receiver = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                """
                budgets: [{ name: small, per: team, limit: 0.0004 USD, every: day, alerts: [50%%] }]
                clamp: off
                alerts: [{ webhook: "%s/hook", on: [budget], secret: hush }]
                """
                    .formatted(receiver.url())
                    .indent(0))) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      AtomicInteger posts = new AtomicInteger();
      receiver
          .on("/hook")
          .reply(post -> posts.getAndIncrement() == 0 ? Script.error(500) : Script.json("{}"));
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      Received failed = receiver.awaitRequest(1);
      Received taken = receiver.awaitRequest(2);
      assertThat(taken.text()).isEqualTo(failed.text());
      JsonNode alert = MAPPER.readTree(taken.text());
      assertThat(alert.path("text").asText())
          .contains("Budget small of engineering has passed 50%: 0.00021 USD of 0.0004 USD");
      assertThat(alert.path("text").asText()).contains(" USD an hour since the window began");
      Instant since = Instant.parse(alert.path("since").asText());
      assertThat(Duration.between(since, Instant.parse(alert.path("resets").asText())))
          .isBetween(Duration.ofHours(23), Duration.ofHours(25));
      assertThat(taken.header("x-penstock-alert-id")).isEqualTo(alert.path("id").asText());
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec("hush".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      assertThat(taken.header("x-penstock-signature"))
          .isEqualTo(
              "sha256="
                  + HexFormat.of()
                      .formatHex(mac.doFinal(taken.text().getBytes(StandardCharsets.UTF_8))));
      assertThat(gateway.admin("/admin/v1/alerts"))
          .contains(alert.path("id").asText())
          .contains("\"kind\":\"budget\"")
          .contains("\"kind\":\"unpriced\"");
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_budget_used_ratio{budget=\"small\",subject=\"engineering\"} 0.525");
    }
  }

  @Test
  void breakerAndFallbackSpend_areToldOnceAnHourAndSubject() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        FakeProvider receiver = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "alerts: [{ webhook: \"%s/hook\", on: [breaker, fallback_spend] }]\n"
                    .formatted(receiver.url()))) {
      receiver.on("/hook").reply(Script.json("{}"));
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      provider.on("/v1/chat/completions").model("gpt-4o").reply(Script.error(500));
      String two = CHAT.replace("\"gpt-4o-mini\"", "\"two\"");
      // Five failures open the breaker; the answers after each are paid for.
      for (int i = 0; i < 7; i++) {
        assertThat(gateway.post("/v1/chat/completions", two).statusCode()).isEqualTo(200);
      }
      Map<String, JsonNode> told = new HashMap<>();
      for (int i = 1; i <= 2; i++) {
        JsonNode alert = MAPPER.readTree(receiver.awaitRequest(i).text());
        told.put(alert.path("kind").asText(), alert);
      }
      assertThat(told).containsOnlyKeys("breaker", "fallback_spend");
      JsonNode breaker = Objects.requireNonNull(told.get("breaker"));
      assertThat(breaker.path("target").asText()).isEqualTo("fake/gpt-4o");
      assertThat(breaker.path("text").asText()).contains("breaker of fake/gpt-4o has opened");
      JsonNode spend = Objects.requireNonNull(told.get("fallback_spend"));
      assertThat(spend.path("model").asText()).isEqualTo("two");
      assertThat(spend.path("target").asText()).isEqualTo("fake/gpt-4o-mini");
      assertThat(spend.path("reason").asText()).isEqualTo("priority[1] after 500");
      assertThat(spend.path("fallback_usd").asText()).isEqualTo("0.00021");
      assertThat(spend.path("percent").asText()).isEqualTo("100");
      String alerts = gateway.admin("/admin/v1/alerts");
      assertThat(alerts.split("\"kind\":\"breaker\"", -1)).hasSize(2);
      assertThat(alerts.split("\"kind\":\"fallback_spend\"", -1)).hasSize(2);
      // All seven: also those that did not try the first target, as its breaker was open.
      Await.until(
          "fallbacks are added up",
          () -> gateway.admin("/metrics").contains("penstock_fallback_usd_total 0.00147"));
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_alerts_total{kind=\"breaker\"} 1.0")
          .contains("penstock_alerts_total{kind=\"fallback_spend\"} 1.0")
          .contains("penstock_breaker_open{model=\"gpt-4o\",provider=\"fake\"} 1.0");
    }
  }

  @Test
  void topUpAndReset_giveBudgetBack_byARowOfTheLedger() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: small, per: team, limit: 0.0003 USD, every: total }]\n"
                    + "clamp: off")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      while (gateway.post("/v1/chat/completions", CHAT).statusCode() == 200) {
        // Until it is used up.
      }
      String body = "{\"subject\":\"engineering\",\"amount\":\"0.0004 USD\"}";
      HttpResponse<String> topUp = change(gateway, "small/top-up", body);
      assertThat(topUp.statusCode()).as(topUp.body()).isEqualTo(200);
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      while (gateway.post("/v1/chat/completions", CHAT).statusCode() == 200) {
        // Until it is used up again.
      }
      assertThat(change(gateway, "small/reset", "{\"subject\":\"engineering\"}").statusCode())
          .isEqualTo(200);
      assertThat(gateway.admin("/admin/v1/budgets")).contains("\"spent\":\"0.00 USD\"");
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(gateway.admin("/admin/v1/requests"))
          .contains("top-up small 0.0004 USD")
          .contains("reset small");
      String listen = "127.0.0.1:" + gateway.gateway().adminPort();
      Path asked =
          Files.writeString(
              directory.resolve("asked.yaml"),
              Files.readString(gateway.file())
                  .replace(
                      "admin: { listen: 127.0.0.1:0 }", "admin: { listen: \"" + listen + "\" }"));
      CommandRun table = new CommandRun();
      assertThat(table.run("budgets", "--config", asked.toString())).isZero();
      assertThat(table.complained()).doesNotContain("as the ledger has it");
      assertThat(table.said()).contains("BUDGET").contains("small").contains("engineering");
    }
  }

  /** 5 USD in place of 0.05: as long as it stands the budget refuses nobody. */
  @Test
  void topUpByMistake_isTakenBackByAReset_andTheBudgetRefusesAgain() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: small, per: team, limit: 0.0003 USD, every: total }]\n"
                    + "clamp: off")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      change(gateway, "small/top-up", "{\"subject\":\"engineering\",\"amount\":\"5 USD\"}");
      assertThat(gateway.admin("/admin/v1/budgets")).contains("\"spent\":\"-4.9");

      HttpResponse<String> reset =
          change(gateway, "small/reset", "{\"subject\":\"engineering\"}", "k");
      assertThat(reset.body()).contains("\"given_back\":\"-4.9");
      assertThat(change(gateway, "small/reset", "{\"subject\":\"engineering\"}", "k").body())
          .as("the same key gets the same answer")
          .isEqualTo(reset.body());
      assertThat(change(gateway, "small/reset", "{\"subject\":\"engineering\"}").body())
          .contains("\"given_back\":\"0.00 USD\"");
      assertThat(gateway.admin("/admin/v1/budgets")).contains("\"spent\":\"0.00 USD\"");

      int answered = 0;
      while (answered < 9 && gateway.post("/v1/chat/completions", CHAT).statusCode() == 200) {
        answered++;
      }
      assertThat(answered).isBetween(1, 2);
    }
  }

  @Test
  void thresholdPassedAgainAfterAReset_isToldAgain_withAnotherId() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "budgets: [{ name: small, per: team, limit: 0.0004 USD, every: total,"
                    + " alerts: [50%] }]\nclamp: off")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      gateway.post("/v1/chat/completions", CHAT);
      Await.until("told", () -> told(gateway).size() == 1);
      change(gateway, "small/reset", "{\"subject\":\"engineering\"}");
      gateway.post("/v1/chat/completions", CHAT);

      Await.until("told again", () -> told(gateway).size() == 2);
      List<JsonNode> told = told(gateway);
      assertThat(told.get(0).path("spent").asText()).isEqualTo("0.00021 USD");
      assertThat(told.get(0).path("id").asText()).isNotEqualTo(told.get(1).path("id").asText());
    }
  }

  /** The alerts of budgets, newest first. */
  private static List<JsonNode> told(RunningGateway gateway) {
    List<JsonNode> told = new ArrayList<>();
    read(gateway, "/admin/v1/alerts")
        .path("alerts")
        .forEach(alert -> {
          if (alert.path("kind").asText().equals("budget")) {
            told.add(alert);
          }
        });
    return told;
  }

  private static JsonNode read(RunningGateway gateway, String path) {
    try {
      return MAPPER.readTree(gateway.admin(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void charges_sayWhichCounterTheyAreOf_andInWhichUnit() throws Exception {
    String budgets =
        "budgets: [{ name: small, per: team, limit: 1 USD, every: month, overrides:"
            + " [{ when: 'team == \"engineering\"', limit: 2 USD }] },"
            + " { name: few, limit: 1M tokens, every: total }]";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, budgets)) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      gateway.post("/v1/chat/completions", CHAT);
      JsonNode charges = read(gateway, "/admin/v1/requests").at("/requests/0/charges");
      assertThat(charges).hasSize(2);
      JsonNode small = charges.get(0);
      JsonNode few = charges.get(1);
      assertThat(few.toString())
          .isEqualTo(
              "{\"budget\":\"few\",\"subject\":\"\",\"amount\":1100,\"unit\":\"tokens\","
                  + "\"since\":\"1970-01-01T00:00:00Z\",\"resets\":null}");
      assertThat(small.path("override").asInt(-1)).isZero();
      assertThat(small.path("amount").asLong()).isEqualTo(210_000);
      assertThat(small.path("unit").asText()).isEqualTo("nano_usd");
      JsonNode counters = read(gateway, "/admin/v1/budgets").path("budgets");
      JsonNode listed = counters.get(counters.get(0).has("override") ? 0 : 1);
      for (String word : List.of("since", "resets")) {
        assertThat(small.path(word)).as(word).isEqualTo(listed.path(word));
      }

      String yaml = Files.readString(gateway.file());
      Files.writeString(gateway.file(), yaml.replace("1M tokens", "5 USD"));
      Await.until("in force", () -> gateway.admin("/admin/v1/config").contains("\"version\":2"));
      JsonNode later = read(gateway, "/admin/v1/requests").at("/requests/0/charges");
      assertThat(later.get(1).path("unit").isNull()).isTrue();
      assertThat(later.get(0)).isEqualTo(small);
    }
  }

  @Test
  void topUpAndReset_withAKey_countOnce() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "budgets: [{ name: small, per: team, limit: 1 USD, every: total }]")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      gateway.post("/v1/chat/completions", CHAT);
      String body = "{\"subject\":\"engineering\",\"amount\":\"0.5 USD\"}";
      HttpResponse<String> first = change(gateway, "small/top-up", body, "key-1");
      HttpResponse<String> again = change(gateway, "small/top-up", body, "key-1");
      assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
      assertThat(again.body()).isEqualTo(first.body()).contains("\"given_back\":\"0.50 USD\"");
      String other = body.replace("0.5 USD", "0.6 USD");
      HttpResponse<String> conflict = change(gateway, "small/top-up", other, "key-1");
      assertThat(conflict.statusCode()).isEqualTo(409);
      assertThat(conflict.body()).contains("idempotency_conflict", "0.50 USD");
      assertThat(gateway.admin("/admin/v1/budgets")).contains("\"spent\":\"-0.49979 USD\"");

      assertThat(change(gateway, "small/top-up", other, "key-2").statusCode()).isEqualTo(200);
      assertThat(gateway.admin("/admin/v1/budgets")).contains("\"spent\":\"-1.09979 USD\"");
      assertThat(change(gateway, "small/top-up", body, "k".repeat(257)).body())
          .contains("Idempotency-Key: 257 characters (expected: at most 256)");
    }
  }

  @Test
  void topUp_thatIsWrong_saysWhatWasExpected() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "budgets: [{ name: small, per: team, limit: 1 USD }]")) {
      assertThat(change(gateway, "nobody/reset", "{}").statusCode()).isEqualTo(404);
      assertThat(change(gateway, "small/halve", "{}").body())
          .contains("/admin/v1/budgets/{name}/top-up");
      assertThat(change(gateway, "small/reset", "{\"subject\":7}").body())
          .contains("subject: 7 (expected: a text)");
      assertThat(change(gateway, "small/reset", "{\"override\":\"one\"}").body())
          .contains("(expected: the index of an override, or -1)");
      assertThat(change(gateway, "small/reset", "[").body()).contains("expected: JSON such as");
      gateway.post("/v1/chat/completions", CHAT);
      String wrong = "{\"subject\":\"engineering\",\"amount\":\"5 tokens\"}";
      assertThat(change(gateway, "small/top-up", wrong).body())
          .contains("amount: \\\"5 tokens\\\" (expected: ");
      for (String amount :
          List.of(
              "\"99999999999 USD\"",
              "\"-5 USD\"",
              "\"1e3 USD\"",
              "5",
              "\"\"",
              "\"9.0000000001 USD\"")) {
        HttpResponse<String> answer =
            change(
                gateway, "small/top-up", "{\"subject\":\"engineering\",\"amount\":" + amount + "}");
        assertThat(answer.statusCode()).as(amount).isEqualTo(400);
        assertThat(answer.body()).contains("amount: ", "such as \\\"10 USD\\\"");
      }
      assertThat(change(gateway, "small/top-up", "{\"amount\":\"1 USD\"}").body())
          .contains("subject: '' (expected: whom the budget counts, by team)");
    }
  }

  @Test
  void topUp_teamOrKeyThatNobodyConfigured_isRefusedWithTheNearest() throws Exception {
    String budgets =
        "budgets: [{ name: small, per: team, limit: 1 USD }, { name: each, per: key, limit: 1 USD"
            + " }, { name: both, per: [team, app], limit: 1 USD }, { name: apps, per: app, limit: 1"
            + " USD }]";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, budgets)) {
      HttpResponse<String> team = change(gateway, "small/top-up", topUp("enginering"));
      assertThat(team.statusCode()).isEqualTo(400);
      assertThat(team.body())
          .contains("subject: 'enginering' (expected: a team of the configuration;")
          .contains("did you mean 'engineering'?");
      HttpResponse<String> key = change(gateway, "each/top-up", topUp("somebody"));
      assertThat(key.statusCode()).isEqualTo(400);
      assertThat(key.body())
          .contains("(expected: a key of the configuration)")
          .doesNotContain("did you mean");
      assertThat(change(gateway, "each/top-up", topUp("k-test")).statusCode()).isEqualTo(200);
      assertThat(change(gateway, "apps/top-up", topUp("any-app")).statusCode()).isEqualTo(200);
    }
  }

  private static String topUp(String subject) {
    return "{\"subject\":\"" + subject + "\",\"amount\":\"0.5 USD\"}";
  }

  @Test
  void topUp_asMuchAsCanBeCounted_andNoMore() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "budgets: [{ name: small, limit: 1 USD, every: total }]")) {
      String most = "{\"amount\":\"9000000000 USD\"}";
      assertThat(change(gateway, "small/top-up", most).statusCode()).isEqualTo(200);
      assertThat(change(gateway, "small/top-up", most).statusCode()).isEqualTo(400);
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void topUp_beforeAnythingIsSpent_isThereForTheFirstCalls_andAfterARestart() throws Exception {
    String budgets =
        "clamp: off\nbudgets: [{ name: small, per: team, limit: 0.0003 USD, every: total },"
            + " { name: few, limit: 3000 tokens, every: total }]";
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      try (RunningGateway gateway = start(provider, budgets)) {
        assertThat(change(gateway, "small/reset", "{\"subject\":\"engineering\"}").statusCode())
            .isEqualTo(400);
        String body = "{\"subject\":\"engineering\",\"amount\":\"0.01 USD\"}";
        assertThat(change(gateway, "nobody/top-up", body).statusCode()).isEqualTo(404);
        assertThat(change(gateway, "small/top-up", body).statusCode()).isEqualTo(200);
        assertThat(change(gateway, "few/top-up", "{\"amount\":\"20k tokens\"}").statusCode())
            .isEqualTo(200);
        for (int i = 0; i < 5; i++) {
          assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
        }
      }
      try (RunningGateway gateway = start(provider, budgets)) {
        assertThat(gateway.admin("/admin/v1/budgets"))
            .contains("\"spent\":\"-14500 tokens\"", "\"spent\":\"-0.00895 USD\"");
        assertThat(change(gateway, "few/top-up", "{\"amount\":\"5 tokens\"}").statusCode())
            .isEqualTo(200);
        assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }
    }
  }

  private static HttpResponse<String> change(RunningGateway gateway, String path, String body) {
    return change(gateway, path, body, "");
  }

  private static HttpResponse<String> change(
      RunningGateway gateway, String path, String body, String key) {
    return RunningGateway.send(
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:"
                        + gateway.gateway().adminPort()
                        + "/admin/v1/budgets/"
                        + path))
            .header("idempotency-key", key)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }
}
