package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Traces, metrics and the request log, at a scripted collector. */
@ExtendWith(LeakCheck.class)
class TelemetryTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";
  private static final String CHAT =
      "{\"model\":\"two\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final Pattern NOT_TAKEN =
      Pattern.compile("penstock_telemetry_lost_total\\{to=\"otlp\"} [1-9]");
  private static final String BUDGET =
      "budgets: [{ name: small, per: team, limit: 1 USD, every: day }]\n";

  @TempDir Path directory;

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<JsonNode> spans(FakeProvider collector) {
    List<JsonNode> spans = new ArrayList<>();
    for (Received received : collector.requests()) {
      if (received.barePath().equals("/v1/traces")) {
        json(received.text()).at("/resourceSpans/0/scopeSpans/0/spans").forEach(spans::add);
      }
    }
    return spans;
  }

  private static String attribute(JsonNode node, String key) {
    for (JsonNode each : node.path("attributes")) {
      if (each.path("key").asText().equals(key)) {
        return each.path("value").elements().next().asText();
      }
    }
    return "";
  }

  @Test
  void fallback_isOneSpanForTheExchangeAndOnePerAttempt_inTheClientsTrace() {
    try (FakeProvider collector = FakeProvider.start();
        FakeProvider provider = FakeProvider.start()) {
      collector.on("/v1/traces").reply(Script.json("{}"));
      collector.on("/v1/metrics").reply(Script.json("{}"));
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      provider.on("/v1/chat/completions").first(1).reply(Script.error(500));
      String more = BUDGET + "telemetry: { otlp: \"" + root(collector) + "\" }";
      try (RunningGateway gateway =
          RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more))) {
        String header = "00-" + TRACE + "-" + PARENT + "-01";
        assertThat(gateway.post("/v1/chat/completions", CHAT, "traceparent", header).statusCode())
            .isEqualTo(200);
      }
      // What waited was told before the gateway ended.
      List<JsonNode> spans = spans(collector);
      assertThat(spans).hasSize(3).allMatch(span -> span.path("traceId").asText().equals(TRACE));
      JsonNode exchange =
          spans.stream().filter(span -> span.path("kind").asInt() == 2).findFirst().orElseThrow();
      assertThat(exchange.path("parentSpanId").asText()).isEqualTo(PARENT);
      assertThat(exchange.path("name").asText()).isEqualTo("chat two");
      assertThat(exchange.path("events").findValuesAsText("name"))
          .contains("penstock.cache", "penstock.route", "penstock.budget");
      List<JsonNode> attempts =
          spans.stream().filter(span -> span.path("kind").asInt() == 3).toList();
      assertThat(attempts)
          .allMatch(span -> span.path("parentSpanId").equals(exchange.path("spanId")));
      assertThat(attempts.getFirst().path("status").path("code").asInt()).isEqualTo(2);
      assertThat(attribute(attempts.getLast(), "gen_ai.usage.input_tokens")).isEqualTo("1000");
      assertThat(attribute(attempts.getLast(), "gen_ai.request.model")).isEqualTo("gpt-4o-mini");
      // The provider was told the attempt's span, not the client's.
      assertThat(provider.requests().getLast().header("traceparent"))
          .isEqualTo("00-" + TRACE + "-" + attempts.getLast().path("spanId").asText() + "-01");
      String metrics =
          collector.requests().stream()
              .filter(received -> received.barePath().equals("/v1/metrics"))
              .reduce((first, second) -> second)
              .orElseThrow()
              .text();
      assertThat(metrics)
          .contains("gen_ai.client.token.usage")
          .contains("gen_ai.client.operation.duration")
          .contains("penstock.cost");
      assertThat(
              collector.requests().stream()
                  .map(received -> json(received.text()))
                  .map(all -> all.path(all.fieldNames().next()).path(0).path("resource"))
                  .map(resource -> attribute(resource, "service.instance.id"))
                  .distinct())
          .as("traces and metrics are of one process")
          .singleElement()
          .satisfies(id -> assertThat(UUID.fromString(id).version()).isEqualTo(4));
    }
  }

  @Test
  void exchange_isNamedByWhatWasAsked_andAbsentValuesAreLeftOut() {
    try (FakeProvider collector = FakeProvider.start();
        FakeProvider provider = FakeProvider.start()) {
      collector.on("/v1/traces").reply(Script.json("{}"));
      collector.on("/v1/metrics").reply(Script.json("{}"));
      provider.on("/v1/chat/completions").reply(Script.json("not JSON"));
      provider.on("/v1/files").reply(Script.json("{}"));
      String yaml =
          RunningGateway.yaml(
                  directory,
                  provider,
                  """
                  prices: { unknown: highest }
                  telemetry: { otlp: "%s" }
                  passthrough: { "/v1/files": fake }
                  """
                      .formatted(root(collector)))
              .replace("  \"mini-*\":", "  \"*\": fake/*\n  \"mini-*\":");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        gateway.post("/v1/chat/completions", CHAT.replace("two", "gpt-4o"));
        gateway.post("/v1/chat/completions", CHAT.replace("two", RunningGateway.KEY));
        assertThat(gateway.post("/v1/files", "{}").statusCode()).isEqualTo(200);
      }
      List<JsonNode> exchanges =
          spans(collector).stream().filter(span -> span.path("kind").asInt() == 2).toList();
      assertThat(exchanges)
          .extracting(
              span -> span.path("name").asText(),
              span -> attribute(span, "gen_ai.request.model"),
              span -> attribute(span, "penstock.route"))
          .containsExactlyInAnyOrder(
              tuple("chat gpt-4o", "gpt-4o", "*"),
              tuple("chat (redacted)", "(redacted)", ""),
              tuple("passthrough", "", "/v1/files"));
      JsonNode malformed =
          spans(collector).stream()
              .filter(span -> span.path("name").asText().equals("chat gpt-4o"))
              .filter(span -> span.path("kind").asInt() == 3)
              .findFirst()
              .orElseThrow();
      assertThat(attribute(malformed, "error.type")).isEqualTo("upstream_malformed");
      assertThat(spans(collector))
          .noneMatch(span -> attribute(span, "http.response.status_code").equals("0"));
    }
  }

  @Test
  void headers_goToCollectorAndWebhook_andAreToldNowhere() throws Exception {
    try (FakeProvider receiver = FakeProvider.start();
        FakeProvider provider = FakeProvider.start()) {
      receiver.on("/v1/traces").reply(Script.json("{}"));
      receiver.on("/v1/metrics").reply(Script.json("{}"));
      receiver.on("/rows").reply(Script.json("{}"));
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String more =
          """
          telemetry:
            otlp: "%s"
            requests: "%s/rows"
            headers: { authorization: "Basic OTSECRET", x-scope: "", content-type: text/plain }
          """
              .formatted(root(receiver), root(receiver));
      try (RunningGateway gateway =
          RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more))) {
        gateway.post("/v1/chat/completions", CHAT);
        assertThat(gateway.admin("/admin/v1/config"))
            .contains("\"authorization\":\"****\"")
            .doesNotContain("OTSECRET");
      }
      assertThat(receiver.requests())
          .extracting(Received::barePath)
          .contains("/v1/traces", "/v1/metrics", "/rows");
      assertThat(receiver.requests())
          .allMatch(received -> "Basic OTSECRET".equals(received.header("authorization")))
          .allMatch(received -> received.header("x-scope") == null)
          .noneMatch(received -> "text/plain".equals(received.header("content-type")));
    }
  }

  @Test
  void noHeader_orAClientThatDoesNotSample_isRespected() {
    try (FakeProvider collector = FakeProvider.start();
        FakeProvider provider = FakeProvider.start()) {
      collector.on("/v1/traces").reply(Script.json("{}"));
      collector.on("/v1/metrics").reply(Script.json("{}"));
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String more = "telemetry: { otlp: \"" + root(collector) + "/\" }";
      String id;
      try (RunningGateway gateway =
          RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more))) {
        String unsampled = "00-" + TRACE + "-" + PARENT + "-00";
        gateway.post("/v1/chat/completions", CHAT, "traceparent", unsampled);
        id =
            gateway
                .post("/v1/chat/completions", CHAT)
                .headers()
                .firstValue("x-penstock-request-id")
                .orElseThrow();
      }
      assertThat(provider.requests().getFirst().header("traceparent"))
          .startsWith("00-" + TRACE)
          .endsWith("-00");
      assertThat(spans(collector))
          .hasSize(2)
          .allMatch(span -> span.path("traceId").asText().equals(id.replace("-", "")));
    }
  }

  @Test
  void collectorThatRefuses_holdsNothingUp() {
    try (FakeProvider collector = FakeProvider.start();
        FakeProvider provider = FakeProvider.start()) {
      collector.on("/v1/traces").reply(Script.error(503));
      collector.on("/v1/metrics").reply(Script.error(503));
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String more = "telemetry: { otlp: \"" + root(collector) + "\" }";
      try (RunningGateway gateway =
          RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more))) {
        for (int i = 0; i < 5; i++) {
          assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
        }
        assertThat(gateway.admin("/metrics"))
            .contains("process_files_open_files", "jvm_memory_used_bytes{area=\"heap\"")
            .containsPattern("(?m)^jvm_allocated_bytes_total [0-9.E]+$");
        Await.until(
            "spans that were not taken are counted",
            () -> NOT_TAKEN.matcher(gateway.admin("/metrics")).find());
      }
      assertThat(collector.requests()).isNotEmpty();
    }
  }

  @Test
  void requestLog_toAFile_isWhatSimulateReads() throws Exception {
    Path log = directory.resolve("log/requests.jsonl");
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String more = "telemetry: { requests: \"" + log + "\" }";
      try (RunningGateway gateway =
          RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more))) {
        gateway.post("/v1/chat/completions", CHAT);
        gateway.post("/v1/chat/completions", "{\"model\":\"unheard-of\",\"messages\":[]}");
      }
      List<String> lines = Files.readAllLines(log);
      assertThat(lines).hasSize(2).noneMatch(line -> line.contains("\"content\""));
      assertThat(json(lines.getFirst()).path("usage").path("input").asInt()).isEqualTo(1000);
      assertThat(json(lines.getLast()).path("status").asInt()).isEqualTo(404);
      String config = directory.resolve("penstock.yaml").toString();
      assertThat(
              Main.commandLine()
                  .execute(
                      "simulate", "--config", config, "--policy", config, "--log", log.toString()))
          .isZero();
    }
  }

  @Test
  void requestLog_toAWebhookThatIsAway_isOfferedAgain() throws Exception {
    try (FakeProvider receiver = FakeProvider.start();
        FakeProvider provider = FakeProvider.start()) {
      receiver.on("/rows").reply(Script.json("{}"));
      receiver.on("/rows").first(1).reply(Script.error(503));
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String more = "telemetry: { requests: \"" + root(receiver) + "/rows\" }";
      try (RunningGateway gateway =
          RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more))) {
        gateway.post("/v1/chat/completions", CHAT);
        Await.until("the batch is offered again", () -> receiver.requests().size() >= 2);
      }
      assertThat(receiver.requests().getLast().text())
          .isEqualTo(receiver.requests().getFirst().text())
          .contains("\"team\":\"engineering\"");
    }
  }

  private static String root(FakeProvider receiver) {
    return receiver.url();
  }
}
