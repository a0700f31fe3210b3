package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.PostgresServer;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways, one Redis, one PostgreSQL, one budget. */
class SharedBudgetTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  // 100 x 0.15 + 100 x 0.60 USD per million: 75,000 nano-USD.
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":100,\"total_tokens\":200}}";
  private static final long COST_NANOS = 75_000;

  @TempDir Path directory;

  private RunningGateway start(
      String name, FakeProvider provider, String redis, String database, String more)
      throws IOException {
    Path own = Files.createDirectories(directory.resolve(name));
    String yaml =
        RunningGateway.yaml(
                own, provider, "state: { redis: \"%s\" }\nclamp: off\n%s".formatted(redis, more))
            .replaceFirst("sqlite:[^\"]*", database);
    return RunningGateway.start(own, yaml);
  }

  private static void awaitReady(RunningGateway... gateways) {
    for (RunningGateway gateway : gateways) {
      Await.until("ready", () -> gateway.admin("/readyz").startsWith("ok"));
    }
  }

  @Test
  void twoGateways_shareOneBudget_spendItAndNotMore() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    String budget = "budgets: [{ name: shared, limit: 0.0015 USD, every: total }]";
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database, budget);
        RunningGateway two = start("two", provider, redis.uri(), database, budget);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      awaitReady(one, two);
      List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        RunningGateway to = i % 2 == 0 ? one : two;
        calls.add(
            CompletableFuture.supplyAsync(() -> to.post("/v1/chat/completions", CHAT), callers));
      }
      int served = 0;
      for (CompletableFuture<HttpResponse<String>> call : calls) {
        HttpResponse<String> response = call.get();
        assertThat(response.statusCode()).as(response.body()).isIn(200, 402);
        served += response.statusCode() == 200 ? 1 : 0;
      }
      // One after the other now: what is left is spent to the last call that fits.
      while (one.post("/v1/chat/completions", CHAT).statusCode() == 200
          || two.post("/v1/chat/completions", CHAT).statusCode() == 200) {
        served++;
      }
      assertThat(provider.requests()).hasSize(served);
      assertThat(served * COST_NANOS).isLessThanOrEqualTo(1_500_000);
      // A call's bound exceeds its cost: fewer than one bound may be left.
      assertThat(served).isGreaterThanOrEqualTo(17);
    }
  }

  @Test
  void topUp_beforeAnythingIsSpent_isThereForTheFirstCall() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    String budget = "budgets: [{ name: shared, limit: 0.00015 USD, every: total }]";
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database, budget)) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      awaitReady(one);
      HttpResponse<String> topUp =
          RunningGateway.send(
              HttpRequest.newBuilder(one.adminUri("/admin/v1/budgets/shared/top-up"))
                  .POST(HttpRequest.BodyPublishers.ofString("{\"amount\":\"0.01 USD\"}"))
                  .build());
      assertThat(topUp.statusCode()).as(topUp.body()).isEqualTo(200);
      Await.until(
          "the store knows",
          () -> one.admin("/admin/v1/budgets").contains("\"spent\":\"-0.01 USD\""));
      for (int i = 0; i < 5; i++) {
        assertThat(one.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void resetTwiceAtOnce_givesBackOnce() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    String budget = "budgets: [{ name: shared, limit: 0.0015 USD, every: total }]";
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database, budget)) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      awaitReady(one);
      assertThat(one.admin("/admin/v1/budgets?cursor=abc"))
          .contains("invalid_request", "cursor: abc (expected: ");
      for (int i = 0; i < 4; i++) {
        assertThat(one.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }
      int port = one.gateway().adminPort();
      URI reset = URI.create("http://127.0.0.1:" + port + "/admin/v1/budgets/shared/reset");
      HttpRequest again =
          HttpRequest.newBuilder(reset).POST(HttpRequest.BodyPublishers.noBody()).build();

      assertThat(RunningGateway.send(again).body()).contains("\"given_back\":\"0.0003 USD\"");
      assertThat(RunningGateway.send(again).body()).contains("\"given_back\":\"0.00 USD\"");

      Await.until(
          "the store knows",
          () -> one.admin("/admin/v1/budgets").contains("\"spent\":\"0.00 USD\""));
    }
  }

  @Test
  void redisGone_theShareIsSpent_then503_andARestartRecovers() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    String budget = "budgets: [{ name: shared, limit: 0.0015 USD, every: total }]";
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database, budget)) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      awaitReady(one);
      assertThat(one.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      redis.kill();
      assertThat(one.admin("/readyz")).as("the share is spent without Redis").isEqualTo("ok\n");
      HttpResponse<String> last = one.post("/v1/chat/completions", CHAT);
      while (last.statusCode() == 200) {
        last = one.post("/v1/chat/completions", CHAT);
      }
      assertThat(last.statusCode()).as(last.body()).isEqualTo(503);
      assertThat(last.body()).contains("budget_store_unavailable");
      int before = provider.requests().size();
      redis.restart();
      Await.until(
          "budgets come back", () -> one.post("/v1/chat/completions", CHAT).statusCode() != 503);
      int served = before;
      do {
        served++;
      } while (one.post("/v1/chat/completions", CHAT).statusCode() == 200);
      assertThat(provider.requests().size() * COST_NANOS).isLessThanOrEqualTo(1_500_000);
      assertThat(served).isGreaterThanOrEqualTo(before);
    }
  }

  @Test
  void stopInOrder_leavesWhatWasNotSpent_toTheOther() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    String budget = "budgets: [{ name: shared, limit: 0.0003 USD, every: total }]";
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway two = start("two", provider, redis.uri(), database, budget)) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      try (RunningGateway one = start("one", provider, redis.uri(), database, budget)) {
        awaitReady(one, two);
        assertThat(one.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }
      assertThat(two.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(two.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(provider.requests()).hasSizeGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void check_redisWithSqlite_isWarnedOf_andAClusterIsTaken() throws IOException {
    Path file = directory.resolve("penstock.yaml");
    Files.writeString(file, "state: { redis: 'redis://127.0.0.1:1' }\n");
    assertThat(check(file)).contains("warning: state.redis is shared").contains(": ok");
    Files.writeString(file, "state: { redis: ['redis://a:1', 'redis://b:1'] }\n");
    assertThat(check(file)).contains(": ok");
    Files.writeString(file, "state: { redis: 'redis://127.0.0.1:1', secret: hush }\n");
    assertThat(check(file)).contains(": ok").doesNotContain("hush");
  }

  @Test
  void check_budgetThatNoCallCanMatch_isWarnedOf() throws IOException {
    Path file = directory.resolve("penstock.yaml");
    Files.writeString(
        file,
        """
        providers: { onprem: { dialect: openai, base_url: 'http://127.0.0.1:8000/v1', free: true, region: eu } }
        models: { small: onprem/s, big: [onprem/b, small] }
        teams: { sales: {}, support: {} }
        keys: [{ id: k, sha256: '712db08376d986220c6b2dbe326cd0c6d046b35f56f69421b76fbd48f1820dfa', team: sales }]
        budgets:
          - { name: team, when: 'team == "support"', limit: 1 USD, every: day }
          - { name: pair, when: 'team == "sales" && target == "onprem/x"', limit: 1 USD, every: day }
          - { name: good, when: 'team == "sales" && target == "onprem/b" && region == "eu"', limit: 1 USD, every: day }
          - { name: seen, when: 'metadata.a == "b" && team == "support"', limit: 1 USD, every: day }
        rates: [{ name: where, when: 'endpoint == "chats"', requests: 5, every: minute }]
        """);

    assertThat(check(file).lines().filter(line -> line.startsWith("warning: ")))
        .containsExactly(
            "warning: budget team: when 'team == \"support\"' holds for no request",
            "warning: budget pair: when 'team == \"sales\" && target == \"onprem/x\"' holds for no"
                + " request",
            "warning: rate where: when 'endpoint == \"chats\"' holds for no request");
    Files.writeString(file, Files.readString(file).replace("big: [", "'*': onprem/*, big: ["));
    assertThat(check(file)).contains("budget team").doesNotContain("budget pair");
  }

  @Test
  void check_limitsThatMakeNoSense_andNamesUsedTwice_areErrorsByLine() throws IOException {
    Path file = directory.resolve("penstock.yaml");
    Files.writeString(
        file,
        """
        budgets:
          - { name: a, limit: 0 USD, every: day }
          - { name: b, limit: -1 USD, every: day }
          - { name: c, limit: 9000000001 USD, every: day }
          - { name: d, limit: 1 USD, every: day }
          - { name: d, limit: 1 USD, every: day }
        """);

    assertThat(check(file))
        .contains("2:23: budgets[0].limit: 0 USD (expected: above 0)")
        .contains("3:23: budgets[1].limit: -1 USD (expected: 10 USD, $10 or 2M tokens)")
        .contains("4:23: budgets[2].limit: 9000000001 USD (expected: ")
        .contains("6:13: budgets[4].name: d (expected: each name once");
  }

  private static String check(Path file) {
    StringWriter out = new StringWriter();
    Main.commandLine()
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(out))
        .execute("check", "--config", file.toString());
    return out.toString();
  }
}
