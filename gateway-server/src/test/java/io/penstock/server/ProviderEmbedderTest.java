package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The semantic cache on the request path, with a provider's embedder. */
@ExtendWith(LeakCheck.class)
class ProviderEmbedderTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String EMBEDDINGS = "/v1/embeddings";
  private static final String ON =
      "cache: { semantic: { ttl: 6h, max_false_hits: 3%, verify: 0%,"
          + " embedder: fake/text-embedding-3-small } }\n";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"s[::-1]\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String QUESTION = "How do I reverse a string in Python?";
  private static final String OTHER_WORDS = "How can I reverse a string in Python?";

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String more) {
    provider.on(PATH).reply(Script.json(ANSWER));
    provider.on(EMBEDDINGS).reply(ProviderEmbedderTest::embedding);
    return RunningGateway.start(
        directory, RunningGateway.patient(RunningGateway.yaml(directory, provider, more)));
  }

  /** What is about strings points one way, everything else another; ten tokens each. */
  private static Script embedding(Received request) {
    String vector = request.text().contains("string") ? "[0.6,0.8,0.01]" : "[-0.6,0.2,0.7]";
    return Script.json(
        "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":"
            + vector
            + "}],\"model\":\"e\",\"usage\":{\"prompt_tokens\":10,\"total_tokens\":10}}");
  }

  private static String body(String text) {
    return "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
        .formatted(text);
  }

  private static HttpResponse<String> ask(RunningGateway gateway, String text, String... headers) {
    HttpResponse<String> response = gateway.post(PATH, body(text), headers);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static String cache(HttpResponse<String> response) {
    return header(response, "x-penstock-cache");
  }

  private static long embeddings(FakeProvider provider) {
    return provider.requests().stream().filter(r -> r.barePath().equals(EMBEDDINGS)).count();
  }

  private static long results(RunningGateway gateway, String result) {
    String name =
        "penstock_cache_requests_total{layer=\"semantic\",result=\"%s\"} ".formatted(result);
    return gateway
        .admin("/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length())))
        .sum();
  }

  private static void awaitVectors(RunningGateway gateway, int n) {
    Await.until(
        "the answer to be stored",
        () -> gateway.admin("/admin/v1/cache").contains("\"vectors\":" + n));
  }

  @Test
  void paraphrase_isServed_andItsEmbeddingIsBookedToTheCaller() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      HttpResponse<String> miss = ask(gateway, QUESTION);
      assertThat(cache(miss)).isEqualTo("miss");
      // 1,000 x 0.15 + 100 x 0.60 USD per million, and 10 x 0.02 for the embedding.
      assertThat(header(miss, "x-penstock-cost-usd")).isEqualTo("0.0002102");
      awaitVectors(gateway, 1);

      HttpResponse<String> hit = ask(gateway, OTHER_WORDS);
      assertThat(cache(hit)).isEqualTo("semantic");
      assertThat(hit.body()).isEqualTo(ANSWER);
      assertThat(header(hit, "x-penstock-cost-usd")).isEqualTo("0.0000002");
      assertThat(header(hit, "x-penstock-saved-usd")).isEqualTo("0.0002098");
      assertThat(embeddings(provider)).isEqualTo(2);
      Received asked = provider.requests().getLast();
      assertThat(asked.text()).contains(OTHER_WORDS).contains("text-embedding-3-small");
      assertThat(gateway.admin("/admin/v1/requests/" + header(hit, "x-penstock-request-id")))
          .containsIgnoringCase("\"embedding\"")
          .contains("0.0000002");
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_overhead_usd_total{cause=\"embedding\"} 4.0E-7");
    }
  }

  @Test
  void nearByTheProvider_butAnotherQuestion_isAMiss_andWhatNobodyWouldReadIsNotEmbedded() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      ask(gateway, QUESTION + " string".repeat(400));
      assertThat(embeddings(provider)).isZero();
      assertThat(results(gateway, "bypass")).isEqualTo(1);
      ask(gateway, QUESTION);
      awaitVectors(gateway, 1);
      assertThat(cache(ask(gateway, "How do I reverse a string in Java?"))).isEqualTo("miss");
      assertThat(cache(ask(gateway, "How do I not reverse a string in Python?"))).isEqualTo("miss");
    }
  }

  /** Such calls promise to cost nothing, or nothing more. */
  @Test
  void onlyFromTheCache_andRepeatsOfAnIdempotencyKey_embedNothing() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      HttpResponse<String> only = gateway.post(PATH, body(QUESTION), "X-Penstock-Cache", "only");
      assertThat(only.statusCode()).isEqualTo(504);
      assertThat(provider.requests()).isEmpty();
      for (int i = 0; i < 3; i++) {
        ask(gateway, QUESTION, "Idempotency-Key", "once");
      }
      assertThat(provider.requests()).hasSize(1);
      assertThat(embeddings(provider)).isZero();
    }
  }

  @Test
  void embedderThatFails_costsTheMissOnly() {
    List<Script> failures =
        List.of(
            Script.error(500),
            Script.resetBeforeHeaders(),
            Script.json("not JSON at all"),
            Script.json("{\"object\":\"list\",\"data\":[]}"),
            Script.json("{\"data\":[{\"index\":0,\"embedding\":[0,0,0]}]}"),
            Script.json("{\"data\":[{\"index\":0,\"embedding\":[\"x\"]}]}"));
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      for (int i = 0; i < failures.size(); i++) {
        provider.on(EMBEDDINGS).reply(failures.get(i));
        assertThat(cache(ask(gateway, QUESTION))).isEqualTo("miss");
        assertThat(results(gateway, "failed")).isEqualTo(i + 1);
      }
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"vectors\":0");
      provider.on(EMBEDDINGS).reply(ProviderEmbedderTest::embedding);
      ask(gateway, QUESTION);
      awaitVectors(gateway, 1);
    }
  }

  @Test
  void slowEmbedder_isNotWaitedFor_andTooManyQuestionsAreMissesAtOnce() {
    Gate late = new Gate("the embedder");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      provider.on(EMBEDDINGS).reply(request -> embedding(request).pauseBeforeHeaders(late));
      List<CompletableFuture<HttpResponse<String>>> calls =
          IntStream.range(0, 80)
              .mapToObj(i ->
                  CompletableFuture.supplyAsync(
                      () -> ask(gateway, "Question " + i + "?"), Thread::startVirtualThread))
              .toList();
      assertThat(calls.stream().map(CompletableFuture::join))
          .allSatisfy(miss -> assertThat(cache(miss)).isEqualTo("miss"));
      assertThat(embeddings(provider)).isLessThanOrEqualTo(64);
      long full = results(gateway, "queue");
      assertThat(full).isGreaterThanOrEqualTo(16);
      assertThat(results(gateway, "failed")).isEqualTo(80 - full);

      late.open();
      // What came too late for the calls is paid for all the same.
      long asked = 80 - full;
      Await.until(
          "every embedding is booked",
          () -> {
            String row = "\"cause\":\"embedding\"";
            String recent = gateway.admin("/admin/v1/requests?limit=500");
            return recent.split(row, -1).length - 1 == asked;
          });
    }
  }

  @Test
  void budgetWithoutMoneyForIt_leavesTheEmbeddingOut() {
    String tight =
        "budgets: [{ name: vectors, when: 'target == \"fake/text-embedding-3-small\"',"
            + " limit: 0.000004 USD, every: day }]\n";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON + tight)) {
      for (int i = 0; i < 30; i++) {
        assertThat(cache(ask(gateway, "Which string is number " + i + "?"))).isEqualTo("miss");
      }
      assertThat(results(gateway, "unpaid")).isBetween(10L, 28L);
      assertThat(embeddings(provider)).isEqualTo(30 - results(gateway, "unpaid"));
    }
  }

  @Test
  void vectorsOfTwoEmbedders_areNeverCompared() {
    String two =
        "cache: { semantic: [{ when: 'metadata.e == \"1\"', verify: 0%, max_false_hits: 3% },"
            + " { verify: 0%, max_false_hits: 3%, embedder: fake/text-embedding-3-small }] }\n";
    String[] builtin = {"X-Penstock-Metadata", "{\"e\":\"1\"}"};
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, two)) {
      ask(gateway, QUESTION);
      awaitVectors(gateway, 1);
      assertThat(cache(ask(gateway, OTHER_WORDS, builtin))).isEqualTo("miss");
      awaitVectors(gateway, 2);
      assertThat(cache(ask(gateway, OTHER_WORDS, builtin))).isEqualTo("semantic");
      assertThat(cache(ask(gateway, OTHER_WORDS))).isEqualTo("semantic");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bultin, builtin",
    "gpt-4o-mini, provider/model",
    "nobody/text-embedding-3-small, provider/model",
    "fake/, provider/model",
    "fake/gpt-4o-mini, embedding",
    "fake/nobody-knows-this-price, no price",
    "claude/text-embedding-3-small, has no embeddings",
  })
  void embedderThatIsNone_isRefused(String name, String expected) throws IOException {
    Path file = directory.resolve("penstock.yaml");
    Files.writeString(
        file,
        """
        providers:
          fake: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k], catalogue: openai }
          claude: { dialect: anthropic, base_url: "http://127.0.0.1:1", keys: [k], catalogue: openai }
        models: { m: fake/gpt-4o-mini }
        cache: { semantic: { embedder: "%s" } }
        """
            .formatted(name));
    StringWriter out = new StringWriter();
    CommandLine check = Main.commandLine("check").setOut(new PrintWriter(out, true));
    assertThat(check.execute("check", "--config", file.toString())).as(out.toString()).isEqualTo(1);
    assertThat(out.toString())
        .contains("cache.semantic[0].embedder")
        .contains(name)
        .contains(expected);
  }
}
