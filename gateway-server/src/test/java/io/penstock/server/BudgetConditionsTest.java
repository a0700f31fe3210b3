package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code budget["x"]} in a condition, {@code explain} and {@code /v1/usage} say what was spent,
 * also when it was not this process that spent it. Each asks first about a subject of its own.
 */
@ExtendWith(LeakCheck.class)
class BudgetConditionsTest {
  private static final String CHAT =
      "{\"model\":\"smart\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  // 1,000 x 2.50 + 100 x 10.00 USD per million with gpt-4o: 0.0035 USD.
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String SPENT = "\"spent\":\"0.0035 USD\"";

  /** 87.5 % of it is spent by one call. */
  private static final String BUDGET =
      "budgets: [{ name: project, per: metadata.project, limit: 0.004 USD, every: total }]\n"
          + "clamp: off\n";

  private static final String RULES =
      "models:\n  smart: { strategy: rules, rules: [{ if: 'budget[\"project\"] > 0.8', use:"
          + " fake/gpt-4o-mini }, { use: fake/gpt-4o }] }\n";

  @TempDir Path directory;

  private static String shared(RedisServer redis, String more) {
    return "state: { redis: \"" + redis.uri() + "\"" + more + " }\n";
  }

  private static void awaitReady(RunningGateway gateway) {
    Await.until("ready", () -> gateway.admin("/readyz").startsWith("ok"));
  }

  private static String unread(RunningGateway gateway) {
    return gateway
        .admin("/metrics")
        .lines()
        .filter(line -> line.startsWith("penstock_budget_unread_total "))
        .findFirst()
        .orElse("");
  }

  private static String yaml(Path own, FakeProvider provider, String more) {
    return RunningGateway.yaml(own, provider, BUDGET + more).replaceFirst("models:\n", RULES);
  }

  private static HttpResponse<String> ask(RunningGateway gateway, String project) {
    return gateway.post(
        "/v1/chat/completions", CHAT, "X-Penstock-Metadata", "{\"project\":\"" + project + "\"}");
  }

  /** Returns the model that answered. */
  private static String call(RunningGateway gateway, String project) {
    HttpResponse<String> answer = ask(gateway, project);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.headers().firstValue("x-penstock-model").orElse("");
  }

  private static void spend(RunningGateway gateway) {
    for (String project : new String[] {"a", "b", ""}) {
      assertThat(call(gateway, project)).isEqualTo("gpt-4o");
    }
  }

  private static void assertKnown(RunningGateway gateway) {
    assertThat(call(gateway, "a")).isEqualTo("gpt-4o-mini");
    String headers = "{\"x-penstock-metadata\":\"{\\\"project\\\":\\\"b\\\"}\"}";
    assertThat(gateway.explain("chat", CHAT, headers))
        .contains("\"target\":\"fake/gpt-4o-mini\"", "\"why\":\"rule[0]");
    assertThat(gateway.get("/v1/usage").body()).contains(SPENT);
  }

  @Test
  void afterRestart_theFirstCallIsRoutedByWhatWasSpent() {
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String yaml = yaml(directory, provider, "");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        spend(gateway);
      }
      try (RunningGateway again = RunningGateway.start(directory, yaml)) {
        assertKnown(again);
      }
    }
  }

  @Test
  void redis_afterRestart_theFirstCallIsRoutedByWhatWasSpent() {
    try (FakeProvider provider = FakeProvider.start();
        RedisServer redis = RedisServer.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String yaml = yaml(directory, provider, shared(redis, ""));
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        awaitReady(gateway);
        spend(gateway);
      }
      try (RunningGateway again = RunningGateway.start(directory, yaml)) {
        awaitReady(again);
        assertKnown(again);
        assertThat(unread(again)).endsWith(" 0.0");
      }
    }
  }

  @Test
  void redis_whatAnotherGatewaySpent_isKnownToTheFirstCallOfThis() throws IOException {
    Path own = Files.createDirectories(directory.resolve("one"));
    Path others = Files.createDirectories(directory.resolve("two"));
    try (FakeProvider provider = FakeProvider.start();
        RedisServer redis = RedisServer.start();
        RunningGateway one = RunningGateway.start(own, yaml(own, provider, shared(redis, "")));
        RunningGateway two =
            RunningGateway.start(others, yaml(others, provider, shared(redis, "")))) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      awaitReady(one);
      awaitReady(two);
      spend(one);
      Await.until("all is told", () -> two.admin("/admin/v1/budgets").split(SPENT, -1).length == 4);

      assertKnown(two);
    }
  }

  @Test
  void redisGone_theCallGoesOn_andOnlyWhereAConditionReadsABudgetIsItAsked() throws IOException {
    try (FakeProvider provider = FakeProvider.start();
        RedisServer redis = RedisServer.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String yaml = yaml(directory, provider, shared(redis, ", on_outage: allow"));
      String plain = yaml.replace("budget[\"project\"] > 0.8", "user == \"nobody\"");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        awaitReady(gateway);
        redis.kill();
        assertThat(call(gateway, "a")).isEqualTo("gpt-4o");
        assertThat(unread(gateway)).endsWith(" 1.0");

        Files.writeString(gateway.file(), plain);
        Await.until(
            "the other configuration is in force",
            () -> gateway.admin("/metrics").contains("penstock_config_version 2.0"));
        assertThat(call(gateway, "b")).isEqualTo("gpt-4o");
        assertThat(unread(gateway)).endsWith(" 1.0");
      }
    }
  }

  /** Returns how often Redis was asked what was spent. */
  private static String readings(RedisServer redis) {
    return redis.command(
        "EVAL",
        "local n = 0 for _, entry in ipairs(redis.call('SLOWLOG', 'GET', 100000)) do local c ="
            + " entry[4] if c[1]:lower() == 'hget' and c[3] == 'spent' then n = n + 1 end end"
            + " return n",
        "0");
  }

  @Test
  void redis_whoIsRefusedByARate_costsNoReading() {
    String rate = "rates: [{ name: few, requests: 1, every: day }]\n";
    try (FakeProvider provider = FakeProvider.start();
        RedisServer redis =
            RedisServer.start("--slowlog-log-slower-than", "0", "--slowlog-max-len", "100000");
        RunningGateway gateway =
            RunningGateway.start(directory, yaml(directory, provider, shared(redis, "") + rate))) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      awaitReady(gateway);
      assertThat(call(gateway, "a")).isEqualTo("gpt-4o");
      String read = readings(redis);
      assertThat(read).isNotEqualTo("0");

      assertThat(ask(gateway, "b").statusCode()).isEqualTo(429);

      assertThat(readings(redis)).isEqualTo(read);
    }
  }

  @Test
  void clientThatLeavesMeanwhile_isNotServed_andLeavesNothingOpen() throws IOException {
    try (FakeProvider provider = FakeProvider.start();
        RedisServer redis = RedisServer.start();
        RunningGateway gateway =
            RunningGateway.start(directory, yaml(directory, provider, shared(redis, "")))) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      awaitReady(gateway);
      redis.command("CLIENT", "PAUSE", "600", "ALL");
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
        String head =
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
                + RunningGateway.KEY
                + "\r\ncontent-length: "
                + CHAT.length()
                + "\r\n\r\n";
        client.getOutputStream().write((head + CHAT).getBytes(StandardCharsets.UTF_8));
      }

      Await.until("it was not read", () -> unread(gateway).endsWith(" 1.0"));
      gateway.awaitRest();
      assertThat(provider.requests()).isEmpty();
      assertThat(call(gateway, "a")).isEqualTo("gpt-4o");
    }
  }
}
