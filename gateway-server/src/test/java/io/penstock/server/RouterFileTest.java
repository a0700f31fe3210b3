package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.cache.semantic.TextEmbedder;
import io.penstock.core.route.Calibrator;
import io.penstock.core.route.PromptFeatures;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * A router made by calibrate decides: in calls, in explain, in simulate and in score alike. The
 * prompts differ in their subject alone, word for word of one length: the shipped rules score them
 * alike.
 */
@ExtendWith(LeakCheck.class)
class RouterFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PATH = "/v1/chat/completions";
  private static final String AUTO =
      """
      models:
        auto: { strategy: complexity, targets: [{ model: fake/gpt-4o-mini, upto: 0.5 }, fake/gpt-4o], router: router.json }
      """;
  private static final String TAX = "Tell me about income taxes %d.";
  private static final String CATS = "Tell me about kitten games %d.";

  private static String taxIsHard = "";
  private static String catsAreHard = "";
  private static String withoutEmbedding = "";

  @TempDir Path directory;

  @BeforeAll
  static void calibrate() throws IOException {
    List<Calibrator.Example> tax = new ArrayList<>();
    List<Calibrator.Example> cats = new ArrayList<>();
    List<Calibrator.Example> plain = new ArrayList<>();
    try (TextEmbedder embedder = new TextEmbedder()) {
      for (int i = 10; i < 40; i++) {
        for (String prompt : new String[] {TAX.formatted(i), CATS.formatted(i)}) {
          PromptFeatures features = PromptFeatures.of(prompt, 0);
          float[] embedding = embedder.embed(prompt);
          boolean isTax = prompt.contains("tax");
          tax.add(new Calibrator.Example(features, embedding, isTax ? 1 : 0));
          cats.add(new Calibrator.Example(features, embedding, isTax ? 0 : 1));
          plain.add(new Calibrator.Example(features, new float[3], isTax ? 1 : 0));
        }
      }
    }
    taxIsHard = Calibrator.fit(tax).file();
    catsAreHard = Calibrator.fit(cats).file();
    withoutEmbedding = Calibrator.fit(plain).file();
  }

  private String yaml(FakeProvider provider) throws IOException {
    Files.writeString(directory.resolve("router.json"), taxIsHard);
    return RunningGateway.yaml(directory, provider, "").replace("models:\n", AUTO);
  }

  private static String body(String prompt) {
    return "{\"model\":\"auto\",\"max_tokens\":20,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
        .formatted(prompt);
  }

  private static String route(RunningGateway gateway, String prompt) {
    HttpResponse<String> response = gateway.post(PATH, body(prompt));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("x-penstock-route").orElseThrow();
  }

  private String run(int expected, String... args) {
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(said));
    line.setErr(new PrintWriter(said));
    assertThat(line.execute(args)).as(said.toString()).isEqualTo(expected);
    return said.toString();
  }

  private static JsonNode explain(RunningGateway gateway, String prompt) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + gateway.gateway().adminPort() + "/admin/v1/explain");
    String asked = "{\"key\":\"k-test\",\"body\":" + body(prompt) + "}";
    return JSON.readTree(
        RunningGateway.send(
                HttpRequest.newBuilder(uri)
                    .POST(HttpRequest.BodyPublishers.ofString(asked))
                    .build())
            .body());
  }

  @Test
  void file_decidesCallsAndExplain_asScoreSays() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = RunningGateway.start(directory, yaml(provider))) {
      String hard = route(gateway, TAX.formatted(77));
      String easy = route(gateway, CATS.formatted(77));
      assertThat(hard).matches("complexity 0\\.[5-9]\\d -> fake/gpt-4o");
      assertThat(easy).matches("complexity 0\\.[0-4]\\d -> fake/gpt-4o-mini");
      assertThat(explain(gateway, TAX.formatted(77)).path("why").asText()).isEqualTo(hard);
      assertThat(explain(gateway, CATS.formatted(77)).path("why").asText()).isEqualTo(easy);
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_router_embeddings_total{result=\"made\"} 2.0");

      Path prompts = directory.resolve("prompts.jsonl");
      Files.writeString(prompts, "{\"id\":1,\"prompt\":\"" + TAX.formatted(77) + "\"}\n");
      Path scores = directory.resolve("scores.jsonl");
      String file = directory.resolve("router.json").toString();
      run(
          0,
          "score",
          "--prompts",
          prompts.toString(),
          "--router",
          file,
          "--out",
          scores.toString());
      double score = JSON.readTree(Files.readString(scores)).path("score").asDouble();
      assertThat(hard).contains(String.format(Locale.ROOT, "complexity %.2f", score));
    }
  }

  @Test
  void changedFile_isTakenWithinTheWatch_brokenOneKeepsTheLast() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = RunningGateway.start(directory, yaml(provider))) {
      assertThat(route(gateway, CATS.formatted(55))).endsWith("-> fake/gpt-4o-mini");
      Path file = directory.resolve("router.json");
      write(file, catsAreHard);
      Await.until(
          "the changed router decides",
          () -> route(gateway, CATS.formatted(55)).endsWith("-> fake/gpt-4o"));
      write(file, catsAreHard.replace("penstock-router-1", "penstock-router-9"));
      Await.until(
          "the broken router is refused",
          () -> gateway.admin("/admin/v1/config").contains("penstock-router-9"));
      assertThat(gateway.admin("/admin/v1/config"))
          .contains("models.auto.router: router.json")
          .contains("expected: penstock-router-1");
      assertThat(route(gateway, CATS.formatted(66))).endsWith("-> fake/gpt-4o");
    }
  }

  /** As editors do: the file is never half there. */
  private void write(Path file, String text) throws IOException {
    Path whole = Files.writeString(directory.resolve("written"), text);
    Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void check_wrongFile_saysWhereAndWhatWasExpected() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      String yaml = yaml(provider);
      String config = directory.resolve("penstock.yaml").toString();
      Files.writeString(Path.of(config), yaml);
      assertThat(run(0, "check", "--config", config)).contains("ok");

      Files.writeString(directory.resolve("router.json"), "{}");
      assertThat(run(1, "check", "--config", config))
          .contains("models.auto.router: router.json (expected: shipped, or a file made by")
          .contains("format: \"\" (expected: penstock-router-1)");
      Files.writeString(directory.resolve("router.json"), withoutEmbedding);
      assertThat(run(1, "check", "--config", config))
          .contains("models.auto.router")
          .contains("embedding of 3 numbers (expected: 384");
      Files.delete(directory.resolve("router.json"));
      assertThat(run(1, "check", "--config", config)).contains("a file that can be read");

      Files.writeString(directory.resolve("router.json"), taxIsHard);
      Files.writeString(
          Path.of(config), yaml.replace("strategy: complexity, ", "").replace(", upto: 0.5", ""));
      assertThat(run(1, "check", "--config", config))
          .contains("router.json (expected: strategy complexity");
    }
  }

  @Test
  void simulate_scoresKeptPromptsByThePolicysOwnRouter() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      String yaml = yaml(provider);
      Path asked = Files.writeString(directory.resolve("asked.yaml"), yaml);
      Path ran =
          Files.writeString(
              directory.resolve("ran.yaml"),
              yaml.replace("router: router.json", "router: shipped"));
      StringBuilder log = new StringBuilder();
      for (int i = 50; i < 56; i++) {
        log.append(
            "{\"timestamp\":%d,\"input_length\":20,\"output_length\":5,\"body\":%s}\n"
                .formatted(i, body((i % 3 == 0 ? TAX : CATS).formatted(i))));
      }
      Path lines = Files.writeString(directory.resolve("log.jsonl"), log);
      JsonNode report =
          JSON.readTree(
              run(
                  0,
                  "simulate",
                  "--config",
                  ran.toString(),
                  "--policy",
                  asked.toString(),
                  "--log",
                  lines.toString(),
                  "--format",
                  "json"));
      assertThat(report.at("/routes/auto -> fake~1gpt-4o/answered/simulated").asInt())
          .as(report.toString())
          .isEqualTo(2);
      assertThat(report.at("/routes/auto -> fake~1gpt-4o-mini/answered/happened").asInt())
          .isEqualTo(6);
    }
  }
}
