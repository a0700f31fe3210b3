package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.server.command.ExitCode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Prompts and answers: kept only when asked for, redacted before anything is written. */
@ExtendWith(LeakCheck.class)
class ContentFlowTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUESTION = "Is ada@example.org at 4111 1111 1111 1111? sk-upstream";
  private static final List<String> NEVER =
      List.of("ada@example.org", "4111 1111", "sk-upstream", RunningGateway.KEY, "bob@example.org");
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
          + "\"Ask bob@example.org\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";

  @TempDir Path directory;

  private static String chat(String question, String more) {
    return "{\"model\":\"gpt-4o-mini\",\"max_tokens\":50,"
        + more
        + "\"messages\":[{\"role\":\"user\",\"content\":\""
        + question
        + "\"}]}";
  }

  private RunningGateway start(FakeProvider provider, String content, String more) {
    String yaml = RunningGateway.yaml(directory, provider, more);
    return RunningGateway.start(
        directory, yaml.replace("ledger.db\" }", "ledger.db\", content: " + content + " }"));
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String ask(RunningGateway gateway, String body) {
    var response = gateway.post("/v1/chat/completions", body);
    assertThat(response.statusCode()).isEqualTo(200);
    return response.headers().firstValue("x-penstock-request-id").orElseThrow();
  }

  private static JsonNode life(RunningGateway gateway, String id) {
    Await.until(
        "what was said is kept",
        () -> json(gateway.admin("/admin/v1/requests/" + id)).has("content"));
    return json(gateway.admin("/admin/v1/requests/" + id));
  }

  private void assertNothingOnDisk() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (file.toString().endsWith(".yaml")) {
          continue;
        }
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(NEVER).as(file.toString()).noneMatch(bytes::contains);
      }
    }
  }

  @Test
  void full_unaryStreamAndHit_areShownRedactedAndNothingElseIsOnDisk() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "{ keep: full, redact: ['ACME-\\d+'] }",
                "cache: { exact: { ttl: 1h } }")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String body = chat(QUESTION + " " + RunningGateway.KEY + " ACME-12", "");
      JsonNode first = life(gateway, ask(gateway, body));
      assertThat(first.at("/content/request/messages/0/content").asText())
          .isEqualTo("Is [e-mail] at [card]? [secret] [secret] [redacted]");
      assertThat(first.at("/content/response/choices/0/message/content").asText())
          .isEqualTo("Ask [e-mail]");
      assertThat(first.at("/content/request_bytes").asInt()).isEqualTo(body.length());
      JsonNode hit = life(gateway, ask(gateway, body));
      assertThat(hit.at("/attempts/0/cache").asText()).isEqualTo("exact");
      assertThat(hit.at("/content/response").toString()).contains("Ask [e-mail]");

      provider
          .on("/v1/chat/completions")
          .reply(
              Script.sse(
                  "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Ask bob@exa\"}}]}",
                  "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"mple.org\"},"
                      + "\"finish_reason\":\"stop\"}]}",
                  "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}",
                  "[DONE]"));
      JsonNode stream = life(gateway, ask(gateway, chat("again?", "\"stream\":true,")));
      assertThat(stream.at("/content/response/choices/0/message/content").asText())
          .isEqualTo("Ask [e-mail]");

      String refused =
          gateway
              .post("/v1/chat/completions", chat("x", "").replace("gpt-4o-mini", "unheard-of"))
              .headers()
              .firstValue("x-penstock-request-id")
              .orElseThrow();
      assertThat(life(gateway, refused).at("/content/response/error/code").asText())
          .isEqualTo("model_not_found");
      assertThat(gateway.admin("/metrics")).contains("penstock_content_lost_total 0.0");
      assertNothingOnDisk();
    }
    assertNothingOnDisk();
  }

  @Test
  void off_isTheDefault_andKeepsNothing() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "off", "")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String id = ask(gateway, chat("hi", ""));
      JsonNode life = json(gateway.admin("/admin/v1/requests/" + id));
      assertThat(life.path("attempts")).hasSize(1);
      assertThat(life.has("content")).isFalse();
      assertThat(gateway.admin("/metrics")).doesNotContain("penstock_content_lost");
    }
  }

  @Test
  void requestLogAndLedger_letSimulateSeeWhatWasSaid() throws Exception {
    Path log = directory.resolve("log/requests.jsonl");
    String ran;
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "full", "telemetry: { requests: \"" + log + "\" }")) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      for (String question : new String[] {QUESTION, QUESTION, "other"}) {
        life(gateway, ask(gateway, chat(question, "")));
      }
      ran = gateway.file().toString();
      // Content was kept, so how often a cache would have hit is known, not an interval.
      assertThat(cachedIfThereWereACache(ran)).isEqualTo(1);
    }
    List<String> lines = Files.readAllLines(log);
    assertThat(lines).hasSize(6);
    assertThat(lines.stream().filter(line -> line.contains("\"content\":{\"request\":{")))
        .hasSize(3);
    assertNothingOnDisk();
    assertThat(cachedIfThereWereACache(ran, "--log", log.toString())).isEqualTo(1);
  }

  private int cachedIfThereWereACache(String ran, String... more) throws IOException {
    Path policy = directory.resolve("cached.yaml");
    Files.writeString(policy, Files.readString(Path.of(ran)) + "\ncache: { exact: { ttl: 1h } }\n");
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(said));
    String[] args =
        Stream.concat(
                Stream.of(
                    "simulate", "--config", ran, "--policy", policy.toString(), "--format", "json"),
                Stream.of(more))
            .toArray(String[]::new);
    assertThat(line.execute(args)).isZero();
    JsonNode cached = json(said.toString()).at("/total/cached/simulated");
    assertThat(cached.isNumber()).as(said.toString()).isTrue();
    return cached.asInt();
  }

  @Test
  void patternThatIsNone_isAProblemWithItsPlace() throws Exception {
    Path file = directory.resolve("bad.yaml");
    Files.writeString(file, "ledger: { content: { keep: full, redact: ['a(b', 'x*'] } }\n");
    StringWriter said = new StringWriter();
    CommandLine line =
        Main.commandLine().setErr(new PrintWriter(said)).setOut(new PrintWriter(said));
    assertThat(line.execute("check", "--config", file.toString())).isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(said.toString()).contains("ledger.content.redact").contains("a(b");
  }
}
