package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code simulate}: a ledger that a gateway wrote, request logs and traces, other policies. */
@ExtendWith(LeakCheck.class)
class SimulateTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  // 1,000 x 0.15 + 100 x 0.60 USD per million: 0.00021 USD.
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String POLICY =
      """
      providers:
        openai: { dialect: openai, base_url: http://127.0.0.1:1/v1, keys: [none] }
        anthropic: { dialect: anthropic, base_url: http://127.0.0.1:1, keys: [none] }
      models:
        chat: %s
        plain: openai/gpt-4o-mini
      teams: { red: {}, blue: {} }
      %s
      """;
  private static final String BOTH = "{ targets: [openai/gpt-4o-mini, openai/gpt-4o] }";

  @TempDir Path directory;
  private final CommandRun command = new CommandRun();

  private String file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private JsonNode simulate(String... args) throws IOException {
    assertThat(command.run(args)).as(command.complained()).isZero();
    return JSON.readTree(command.said());
  }

  private static void assertNoDifference(JsonNode report) {
    for (JsonNode difference : report.findValues("difference")) {
      assertThat(new BigDecimal(difference.asText())).as(report.toString()).isZero();
    }
  }

  /** Money is decimals in a string, as in every report. */
  private static BigDecimal usd(JsonNode money) {
    assertThat(money.isTextual()).as(money.toString()).isTrue();
    return new BigDecimal(money.asText());
  }

  @Test
  void ledger_samePolicyAndOthers_differByThePolicyAlone() throws Exception {
    String rules =
        "budgets: [{ name: small, per: team, limit: 0.0007 USD, every: day }]\n"
            + "cache: { exact: { ttl: 1h } }\nclamp: off";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, rules))) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      for (String question : new String[] {"one", "one", "two", "three", "four", "five"}) {
        gateway.post("/v1/chat/completions", chat(question));
      }
      gateway.awaitRecorded();
      String ran = gateway.file().toString();

      JsonNode same = simulate("simulate", "--config", ran, "--policy", ran, "--format", "json");
      assertNoDifference(same);
      assertThat(same.path("requests").asInt()).isEqualTo(6);
      assertThat(usd(same.at("/total/cost_usd/happened"))).isEqualByComparingTo("0.00063");
      assertThat(same.at("/total/cached/happened").asInt()).isEqualTo(1);
      assertThat(same.at("/total/blocked/happened").asInt()).isEqualTo(2);
      assertThat(same.path("unknown")).isEmpty();

      String yaml = RunningGateway.yaml(directory, provider, rules);
      String tighter = file("tight.yaml", yaml.replace("0.0007 USD", "0.0003 USD"));
      JsonNode tight =
          simulate("simulate", "--config", ran, "--policy", tighter, "--format", "json");
      assertThat(tight.at("/teams/engineering/blocked/simulated").asInt())
          .as(tight.toString())
          .isEqualTo(4);
      assertThat(usd(tight.at("/total/cost_usd/simulated"))).isEqualByComparingTo("0.00021");
      assertThat(tight.at("/blocked/small/blocked/happened").asInt()).isEqualTo(2);

      String looser = file("loose.yaml", yaml.replace("0.0007 USD", "1 USD"));
      JsonNode loose =
          simulate("simulate", "--config", ran, "--policy", looser, "--format", "json");
      assertThat(loose.at("/total/blocked/simulated").asInt()).isZero();
      assertThat(usd(loose.at("/total/cost_usd/simulated"))).isEqualByComparingTo("0.00105");
      assertThat(loose.path("unknown").toString()).contains("2 calls of unknown size");

      String uncached = file("uncached.yaml", yaml.replace("cache: { exact: { ttl: 1h } }", ""));
      JsonNode paid =
          simulate("simulate", "--config", ran, "--policy", uncached, "--format", "json");
      assertThat(paid.at("/total/cached/simulated").asInt()).isZero();

      String dearer =
          file(
              "dearer.yaml",
              yaml.replace("gpt-4o-mini: fake/gpt-4o-mini", "gpt-4o-mini: fake/gpt-4o")
                  .replace("0.0007 USD", "1 USD"));
      assertThat(command.run("simulate", "--config", ran, "--policy", dearer)).isZero();
      assertThat(command.said())
          .contains("gpt-4o-mini -> fake/gpt-4o ")
          .contains("answered by another model than recorded");
    }
  }

  /** The stronger tier fails: the client gets the answer that was turned down after all. */
  @Test
  void ledger_turnedDownAnswerThatWasServedAfterAll_isAnAnswer() throws Exception {
    String cascade =
        "models:\n  careful: { strategy: cascade, targets: [{ model: fake/gpt-4o-mini, accept:"
            + " 'response.json' }, fake/gpt-4o] }\n";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "").replace("models:\n", cascade))) {
      provider.on("/v1/chat/completions").model("gpt-4o-mini").reply(Script.json(ANSWER));
      provider.on("/v1/chat/completions").model("gpt-4o").reply(Script.error(400));
      String body = chat("one").replace("\"gpt-4o-mini\"", "\"careful\"");
      assertThat(gateway.post("/v1/chat/completions", body).statusCode()).isEqualTo(200);
      gateway.awaitRecorded();
      String ran = gateway.file().toString();

      JsonNode same = simulate("simulate", "--config", ran, "--policy", ran, "--format", "json");

      assertNoDifference(same);
      assertThat(same.at("/total/answered/happened").asInt()).as(same.toString()).isEqualTo(1);
    }
  }

  private static String chat(String question) {
    return "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,"
        + "\"messages\":[{\"role\":\"user\",\"content\":\""
        + question
        + "\"}]}";
  }

  private static String row(int request, int attempt, String target, String more) {
    int slash = target.indexOf('/');
    return """
    {"request":"019aa000-0000-7000-8000-%012x","attempt":%d,"time":"2026-11-03T10:00:00Z","reserved_at":"2026-11-03T10:00:00Z","team":"red","endpoint":"chat","asked":"chat","route":"chat","reason":"plain","provider":"%s","model":"%s","latency_ms":100,%s}
    """
        .formatted(
            request * 1024, attempt, target.substring(0, slash), target.substring(slash + 1), more);
  }

  @Test
  void requestLog_fallbackAndDraws_standUnderThePolicyThatRan() throws Exception {
    String fine =
        "\"status\":200,\"usage\":{\"input\":1000,\"output\":100},\"cost_usd\":\"0.00021\"";
    StringBuilder log = new StringBuilder();
    log.append(row(1, 1, "openai/gpt-4o-mini", "\"status\":500,\"ending\":\"upstream_failed\""));
    log.append(row(1, 2, "openai/gpt-4o", fine));
    for (int i = 2; i < 12; i++) {
      log.append(row(i, 1, i % 2 == 0 ? "openai/gpt-4o-mini" : "openai/gpt-4o", fine));
    }
    String lines = file("log.jsonl", log.toString());
    String weighted =
        file(
            "weighted.yaml",
            POLICY.formatted(
                "{ strategy: weighted, targets: [{ model: openai/gpt-4o-mini, weight: 1 },"
                    + " { model: openai/gpt-4o, weight: 1 }] }",
                ""));
    JsonNode same =
        simulate(
            "simulate",
            "--config",
            weighted,
            "--policy",
            weighted,
            "--log",
            lines,
            "--format",
            "json");
    assertNoDifference(same);
    assertThat(same.at("/routes/chat -> openai~1gpt-4o/answered/happened").asInt()).isEqualTo(6);

    String first = file("first.yaml", POLICY.formatted(BOTH, ""));
    JsonNode other =
        simulate(
            "simulate",
            "--config",
            weighted,
            "--policy",
            first,
            "--log",
            lines,
            "--format",
            "json");
    // The failure that the record has is taken over; what gpt-4o answered, gpt-4o-mini would have.
    assertThat(other.at("/routes/chat -> openai~1gpt-4o/answered/simulated").asInt()).isEqualTo(1);
    assertThat(usd(other.at("/routes/chat -> openai~1gpt-4o-mini/cost_usd/simulated/likely")))
        .isPositive();

    String discounted =
        file("cheap.yaml", POLICY.formatted(BOTH, "prices: { discounts: { \"openai/*\": 50% } }"));
    JsonNode cheap =
        simulate(
            "simulate",
            "--config",
            first,
            "--policy",
            discounted,
            "--log",
            lines,
            "--format",
            "json");
    assertThat(usd(cheap.at("/total/cost_usd/difference"))).isNegative();
    assertThat(cheap.at("/total/answered/difference").asInt()).isZero();
  }

  @Test
  void clamp_isTriedAfterTheRedirection() throws Exception {
    String log =
        row(1, 1, "openai/gpt-4o", "\"status\":200,\"usage\":{\"input\":100,\"output\":100}");
    String lines = file("log.jsonl", log);
    String ran = file("ran.yaml", POLICY.formatted("openai/gpt-4o", ""));
    String less =
        file(
            "less.yaml",
            POLICY.formatted(
                "openai/gpt-4o",
                "budgets: [{ name: small, limit: 0.05 USD, every: day, over: { use: plain } }]\n"
                    + "clamp: on"));
    JsonNode report =
        simulate("simulate", "--config", ran, "--policy", less, "--log", lines, "--format", "json");
    assertThat(report.at("/routes/chat -> openai~1gpt-4o-mini/answered/simulated/likely").asInt())
        .as(report.toString())
        .isEqualTo(1);
  }

  /** Returns what one small call comes to where a budget is too small for it. */
  private JsonNode ofOneCall(String answered, String route, String more) throws IOException {
    String usage = "\"status\":200,\"usage\":{\"input\":100,\"output\":100}";
    String lines = file("log.jsonl", row(1, 1, answered, usage));
    String ran = file("ran.yaml", POLICY.formatted(route, ""));
    String less = file("less.yaml", POLICY.formatted(route, more));
    return simulate(
        "simulate", "--config", ran, "--policy", less, "--log", lines, "--format", "json");
  }

  @Test
  void redirection_toAModelThatWritesNoText_isARefusal() throws Exception {
    JsonNode report =
        ofOneCall(
            "openai/gpt-4o",
            "openai/gpt-4o\n  vectors: openai/text-embedding-3-small",
            "budgets: [{ name: small, limit: 0.05 USD, every: day, over: { use: vectors } }]\n"
                + "clamp: off");

    assertThat(report.at("/total/blocked/simulated/likely").asInt())
        .as(report.toString())
        .isEqualTo(1);
  }

  @Test
  void clamp_belowWhatTheRouteHasTheModelThinkFor_isARefusal() throws Exception {
    String route =
        "{ targets: [{ model: anthropic/claude-haiku-4-5, set: { thinking: { type: enabled,"
            + " budget_tokens: %d } } }] }";
    String small = "budgets: [{ name: small, limit: 0.02 USD, every: day }]\nclamp: on";
    String answered = "anthropic/claude-haiku-4-5";

    JsonNode little = ofOneCall(answered, route.formatted(1024), small);
    JsonNode much = ofOneCall(answered, route.formatted(8000), small);

    // Some 3,900 tokens are affordable.
    assertThat(little.at("/total/blocked/simulated").asInt()).as(little.toString()).isZero();
    assertThat(much.at("/total/blocked/simulated/likely").asInt()).as(much.toString()).isOne();
  }

  @Test
  void trace_isTheSameToTheByte_andSaysWhatItCannotKnow() throws Exception {
    StringBuilder trace = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      trace.append(
          "{\"timestamp\":%d,\"input_length\":3000,\"output_length\":200,\"hash_ids\":[1,2,3,%d],\"tenant\":\"%s\"}\n"
              .formatted(i * 1000, i % 30, i % 2 == 0 ? "red" : "blue"));
    }
    String lines = file("trace.jsonl", trace.toString());
    String ran = file("ran.yaml", POLICY.formatted(BOTH, ""));
    String asked =
        file(
            "asked.yaml",
            POLICY.formatted(
                BOTH,
                "cache: { exact: { ttl: 1h, scope: org } }\n"
                    + "rates: [{ name: few, per: team, requests: 15, every: day }]"));
    assertNoDifference(
        simulate("simulate", "--config", ran, "--policy", ran, "--log", lines, "--format", "json"));
    JsonNode report =
        simulate(
            "simulate", "--config", ran, "--policy", asked, "--log", lines, "--format", "json");
    String once = command.said();
    command.run("simulate", "--config", ran, "--policy", asked, "--log", lines, "--format", "json");
    assertThat(command.said()).isEqualTo(once);
    assertThat(report.at("/total/cost_usd/simulated").has("least")).isTrue();
    assertThat(report.at("/blocked/few/blocked/simulated").asInt()).isEqualTo(10);
    assertThat(report.path("unknown").toString()).contains("prompt cache");
    JsonNode hits =
        simulate(
            "simulate",
            "--config",
            ran,
            "--policy",
            file("hits.yaml", POLICY.formatted(BOTH, "cache: { exact: { ttl: 1h, scope: org } }")),
            "--log",
            lines,
            "--format",
            "json");
    assertThat(hits.at("/total/cached/simulated").asInt()).isEqualTo(10);
  }

  @Test
  void trace_aFeeForEachRequest_isInTheForecast_andDecidesByCost() throws Exception {
    String lines =
        file(
            "trace.jsonl",
            "{\"timestamp\":0,\"input_length\":1000,\"output_length\":1000,\"hash_ids\":[1]}\n");
    String policy =
        POLICY.replace(
            "models:\n",
            "  p: { dialect: openai, base_url: http://127.0.0.1:1/v1, keys: [none], catalogue:"
                + " perplexity }\nmodels:\n");
    String ran = file("ran.yaml", policy.formatted("{ targets: [openai/gpt-4o] }", ""));
    String searching = file("searching.yaml", policy.formatted("{ targets: [p/sonar] }", ""));
    String byCost =
        file(
            "cost.yaml",
            policy.formatted("{ strategy: cost, targets: [p/sonar, openai/gpt-4o] }", ""));

    JsonNode fee =
        simulate(
            "simulate", "--config", ran, "--policy", searching, "--log", lines, "--format", "json");
    // 12 USD for 1,000 requests and 1 for a million tokens, of which there are 2,000.
    assertThat(fee.at("/total/cost_usd/simulated").toString()).contains("0.014");
    JsonNode cheapest =
        simulate(
            "simulate", "--config", ran, "--policy", byCost, "--log", lines, "--format", "json");
    assertThat(cheapest.path("routes").toString()).contains("gpt-4o").doesNotContain("sonar");
    String overNames =
        file(
            "names.yaml",
            policy.formatted(
                "{ strategy: cost, targets: [costly, dear] }\n  costly: p/sonar\n  dear:"
                    + " openai/gpt-4o",
                ""));
    JsonNode named =
        simulate(
            "simulate", "--config", ran, "--policy", overNames, "--log", lines, "--format", "json");
    assertThat(named.path("routes").toString()).contains("gpt-4o").doesNotContain("sonar");
  }

  @Test
  void wrongInput_isNamed() throws Exception {
    String policy = file("policy.yaml", POLICY.formatted(BOTH, ""));
    String bad =
        file("bad.jsonl", "{\"timestamp\":1,\"input_length\":1,\"output_length\":1}\n{}\n");
    assertThat(command.run("simulate", "--config", policy, "--policy", policy, "--log", bad))
        .isEqualTo(1);
    assertThat(command.complained()).contains("bad.jsonl:2: no time");
    assertThat(
            command.run(
                "simulate", "--config", policy, "--policy", policy, "--log", bad, "--from", "2026"))
        .isEqualTo(1);
    assertThat(command.complained()).contains("--from and --to go with the ledger");
    assertThat(command.run("simulate", "--config", policy, "--policy", policy, "--format", "xml"))
        .isEqualTo(1);
    assertThat(command.run("simulate", "--config", policy)).isEqualTo(1);
  }

  @Test
  void recordedTrace_isReplayedWhole() throws Exception {
    Path trace = directory.toAbsolutePath().getRoot().resolve("nowhere");
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path beside = at.resolve("shared/traces/mooncake_conversation_trace.jsonl.gz");
      trace = Files.exists(beside) ? beside : trace;
    }
    if (!Files.exists(trace)) {
      System.out.println("no recorded trace at ../shared/traces: the made-up one alone is checked");
      return;
    }
    String policy = file("policy.yaml", POLICY.formatted(BOTH, ""));
    JsonNode report =
        simulate(
            "simulate",
            "--config",
            policy,
            "--policy",
            policy,
            "--log",
            trace.toString(),
            "--format",
            "json");
    assertThat(report.path("requests").asInt()).isEqualTo(12_031);
    assertNoDifference(report);
  }
}
