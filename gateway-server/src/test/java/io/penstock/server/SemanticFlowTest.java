package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.route.PromptFeatures;
import io.penstock.core.route.Router;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The semantic cache on the request path, with the embedder of this process. */
@ExtendWith(LeakCheck.class)
class SemanticFlowTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String ON =
      "cache: { semantic: { ttl: 6h, scope: team, max_false_hits: 3%, verify: 0% } }\n";
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
    return RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more));
  }

  private static String body(String text, String more) {
    return "{\"model\":\"gpt-4o-mini\",%s\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
        .formatted(more, text);
  }

  private static HttpResponse<String> ask(RunningGateway gateway, String body, String... headers) {
    HttpResponse<String> response = gateway.post(PATH, body, headers);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static String cache(HttpResponse<String> response) {
    return header(response, "x-penstock-cache");
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  /** Asks once, and waits until the answer can be found. */
  private static void remember(RunningGateway gateway, String text) {
    assertThat(cache(ask(gateway, body(text, "")))).isEqualTo("miss");
    Await.until(
        "the answer to be stored",
        () -> gateway.admin("/admin/v1/cache").contains("\"vectors\":1"));
  }

  @Test
  void paraphrase_isServed_andSavesWhatTheModelAskedForCosts() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      remember(gateway, QUESTION);
      HttpResponse<String> hit = ask(gateway, body(OTHER_WORDS, ""));
      assertThat(cache(hit)).isEqualTo("semantic");
      assertThat(hit.body()).isEqualTo(ANSWER);
      assertThat(header(hit, "age")).isNotEmpty();
      assertThat(Double.parseDouble(header(hit, "x-penstock-similarity"))).isBetween(0.5, 1.0);
      assertThat(header(hit, "x-penstock-cost-usd")).isEqualTo("0.00");
      // 1,000 x 0.15 + 100 x 0.60 USD per million.
      assertThat(header(hit, "x-penstock-saved-usd")).isEqualTo("0.00021");
      HttpResponse<String> stream = ask(gateway, body(OTHER_WORDS, "\"stream\":false,"));
      assertThat(cache(stream)).isEqualTo("semantic");
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_cache_requests_total{layer=\"semantic\",result=\"hit\"} 2.0")
          .contains("penstock_saved_usd_total{by=\"semantic_cache\",team=\"engineering\"} 4.2E-4");
      assertThat(gateway.admin("/admin/v1/requests/" + header(hit, "x-penstock-request-id")))
          .containsIgnoringCase("\"semantic\"");
    }
  }

  @Test
  void explain_findsWhatTheCallWouldFind_andCountsNothing() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      remember(gateway, QUESTION);
      String counted = counts(gateway);
      assertThat(gateway.explain("chat", body(OTHER_WORDS, ""), "{}"))
          .contains("\"cache\":\"semantic\"", "\"outcome\":\"cache\"");
      assertThat(gateway.explain("chat", body("How do I bake bread?", ""), "{}"))
          .contains("\"cache\":\"miss\"", "\"outcome\":\"call\"")
          .doesNotContain("cache_bypassed");
      assertThat(gateway.explain("chat", body("What is the weather in Rome right now?", ""), "{}"))
          .contains("\"cache\":\"off\"", "\"cache_bypassed\":{\"semantic\":\"time\"}");
      assertThat(counts(gateway)).isEqualTo(counted);
    }
  }

  /** With the threshold between the scores of the two, one is for the weaker target alone. */
  @ParameterizedTest
  @CsvSource({"0.5, miss", "2.0, semantic"})
  void questionsOfDifferentComplexity_areApartWhereDifferentTargetsAnswer(
      double part, String expected) {
    double threshold = part * (score(QUESTION) + score(OTHER_WORDS));
    assertThat(score(QUESTION)).isLessThan(score(OTHER_WORDS)).isLessThan(threshold);
    String route =
        "models:\n  auto: { strategy: complexity, targets: [{ model: fake/gpt-4o-mini, upto: "
            + threshold
            + " }, fake/gpt-4o] }\n";
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on(PATH).reply(Script.json(ANSWER));
      String yaml = RunningGateway.yaml(directory, provider, ON).replace("models:\n", route);
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        ask(gateway, body(QUESTION, "").replace("gpt-4o-mini", "auto"));
        Await.until(
            "the answer to be stored",
            () -> gateway.admin("/admin/v1/cache").contains("\"vectors\":1"));
        HttpResponse<String> second =
            ask(gateway, body(OTHER_WORDS, "").replace("gpt-4o-mini", "auto"));
        assertThat(cache(second)).isEqualTo(expected);
      }
    }
  }

  private static double score(String question) {
    return Router.shipped().score(PromptFeatures.of(question, 0), null);
  }

  private static String counts(RunningGateway gateway) {
    return gateway
        .admin("/metrics")
        .lines()
        .filter(line -> line.startsWith("penstock_cache_requests_total"))
        .collect(Collectors.joining("\n"));
  }

  @Test
  void leaderThatFindsAnAnswer_letsThoseWhoWaitFindItToo() {
    String both = ON.replace("cache: { ", "cache: { exact: { ttl: 6h }, singleflight: true, ");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, both)) {
      remember(gateway, QUESTION);
      int asked = provider.requests().size();
      List<CompletableFuture<HttpResponse<String>>> calls =
          IntStream.range(0, 16)
              .mapToObj(i ->
                  CompletableFuture.supplyAsync(
                      () -> ask(gateway, body(OTHER_WORDS, "")), Thread::startVirtualThread))
              .toList();
      assertThat(calls.stream().map(CompletableFuture::join))
          .allSatisfy(hit -> assertThat(cache(hit)).isEqualTo("semantic"))
          .allSatisfy(hit -> assertThat(hit.body()).isEqualTo(ANSWER));
      assertThat(provider.requests()).hasSize(asked);
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_cache_requests_total{layer=\"semantic\",result=\"hit\"} 16.0");
    }
  }

  @Test
  void whatChangesTheAnswer_isNotServed() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      remember(gateway, QUESTION);
      for (String other :
          new String[] {
            "How do I not reverse a string in Python?",
            "How do I reverse 2 strings in Python?",
            "How do I reverse a string in Java?",
            "Wie kehre ich eine Zeichenkette in Python um?"
          }) {
        assertThat(cache(ask(gateway, body(other, "")))).as(other).isEqualTo("miss");
      }
      String system =
          "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"system\",\"content\":\"Be"
              + " brief.\"},"
              + "{\"role\":\"user\",\"content\":\"%s\"}]}".formatted(OTHER_WORDS);
      assertThat(cache(ask(gateway, system))).isEqualTo("miss");
      assertThat(cache(ask(gateway, body(OTHER_WORDS, "\"max_tokens\":50,")))).isEqualTo("miss");
      String[] support = {
        "Authorization", "Bearer pk-support", "X-Penstock-Metadata", "{\"project\":\"p\"}"
      };
      assertThat(cache(ask(gateway, body(OTHER_WORDS, ""), support))).isEqualTo("miss");
      assertThat(cache(ask(gateway, body("What is the weather in Rome right now?", ""))))
          .isNotEqualTo("semantic");
    }
  }

  @Test
  void modes_doWhatTheySay() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      String mode = "X-Penstock-Cache";
      assertThat(gateway.post(PATH, body(OTHER_WORDS, ""), mode, "only").statusCode())
          .isEqualTo(504);
      remember(gateway, QUESTION);
      assertThat(cache(ask(gateway, body(OTHER_WORDS, ""), mode, "only"))).isEqualTo("semantic");
      assertThat(cache(ask(gateway, body(OTHER_WORDS, ""), mode, "off"))).isEqualTo("off");
      assertThat(cache(ask(gateway, body(OTHER_WORDS, ""), mode, "refresh"))).isEqualTo("miss");
    }
  }

  @Test
  void shadow_measuresAndServesNothing() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, ON.replace("verify: 0%", "verify: 0%, serve: false"))) {
      remember(gateway, QUESTION);
      assertThat(cache(ask(gateway, body(OTHER_WORDS, "")))).isEqualTo("miss");
      Await.until(
          "the answers to be compared",
          () ->
              gateway
                  .admin("/metrics")
                  .contains("penstock_cache_checks_total{result=\"right\"} 1.0"));
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_cache_requests_total{layer=\"semantic\",result=\"shadow\"} 1.0");
    }
  }

  @Test
  void verify_asksUpstreamAsWell_andBooksItToTheCaller() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON.replace("verify: 0%", "verify: 100%"))) {
      remember(gateway, QUESTION);
      HttpResponse<String> hit = ask(gateway, body(OTHER_WORDS, ""));
      assertThat(cache(hit)).isEqualTo("semantic");
      Await.until(
          "the check",
          () ->
              gateway
                  .admin("/metrics")
                  .contains("penstock_cache_checks_total{result=\"right\"} 1.0"));
      assertThat(provider.requests()).hasSizeGreaterThanOrEqualTo(2);
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_overhead_usd_total{cause=\"verify\"} ");
      assertThat(gateway.admin("/admin/v1/requests/" + header(hit, "x-penstock-request-id")))
          .containsIgnoringCase("\"verify\"");
      assertThat(gateway.admin("/admin/v1/spend?by=cache&from=2000-01-01"))
          .as("the check is no hit of the cache")
          .contains("\"off\"");
    }
  }

  @Test
  void verify_otherAnswer_isWrong_andTheQuestionGetsItsOwn() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON.replace("verify: 0%", "verify: 100%"))) {
      remember(gateway, QUESTION);
      String other =
          ANSWER
              .replace("s[::-1]", "Use 3 nested loops.")
              .replace("\"prompt_tokens\":1000", "\"prompt_tokens\":2000");
      provider.on(PATH).reply(Script.json(other));
      assertThat(cache(ask(gateway, body(OTHER_WORDS, "")))).isEqualTo("semantic");
      Await.until(
          "the check",
          () ->
              gateway
                  .admin("/metrics")
                  .contains("penstock_cache_checks_total{result=\"wrong\"} 1.0"));
      Await.until(
          "the right answer",
          () -> {
            HttpResponse<String> now = ask(gateway, body(OTHER_WORDS, ""));
            // It saves what it cost itself, not what the wrong one did.
            return now.body().equals(other)
                && cache(now).equals("semantic")
                && header(now, "x-penstock-saved-usd").equals("0.00036");
          });
    }
  }

  private RunningGateway start(FakeProvider provider, String model, String more) {
    provider.on(PATH).reply(Script.json(ANSWER));
    String yaml =
        RunningGateway.yaml(directory, provider, ON.replace("verify: 0%", "verify: 100%") + more)
            .replace("models:\n", "models:\n" + model);
    return RunningGateway.start(directory, yaml);
  }

  private static void awaitCheck(RunningGateway gateway, String result) {
    Await.until(
        "the check",
        () ->
            gateway
                .admin("/metrics")
                .contains("penstock_cache_checks_total{result=\"" + result + "\"} 1.0"));
  }

  private static final String NOT_ASKED = "Use 3 nested loops.";

  /** Another model's answer would show nothing, and must not take its place. */
  @Test
  void verify_whileTheTargetOfTheAnswerIsDown_asksNobody() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(provider, "  pair: { targets: [fake/gpt-4.1, fake/gpt-4.1-mini] }\n", "")) {
      String question = body(QUESTION, "").replace("gpt-4o-mini", "pair");
      assertThat(cache(ask(gateway, question))).isEqualTo("miss");
      Await.until(
          "the answer to be stored",
          () -> gateway.admin("/admin/v1/cache").contains("\"vectors\":1"));
      provider.on(PATH).reply(Script.json(ANSWER.replace("s[::-1]", NOT_ASKED)));
      provider.on(PATH).model("gpt-4.1").reply(Script.error(429).retryAfter("600"));
      assertThat(cache(ask(gateway, body("Name a river.", "").replace("gpt-4o-mini", "pair"))))
          .isEqualTo("miss");
      int asked = provider.requests().size();
      String other = body(OTHER_WORDS, "").replace("gpt-4o-mini", "pair");
      assertThat(cache(ask(gateway, other))).isEqualTo("semantic");
      awaitCheck(gateway, "skipped");
      assertThat(provider.requests()).hasSize(asked);
      assertThat(ask(gateway, other).body()).isEqualTo(ANSWER);
    }
  }

  /** What the route would have turned down shows nothing either. */
  @Test
  void verify_anAnswerThatIsNotAccepted_changesNothing() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                "  tiers: { strategy: cascade, targets: [{ model: fake/gpt-4.1-mini, accept:"
                    + " \"response.text.contains('::')\" }, fake/gpt-4.1] }\n",
                "")) {
      String question = body(QUESTION, "").replace("gpt-4o-mini", "tiers");
      assertThat(cache(ask(gateway, question))).isEqualTo("miss");
      Await.until(
          "the answer to be stored",
          () -> gateway.admin("/admin/v1/cache").contains("\"vectors\":1"));
      provider.on(PATH).reply(Script.json(ANSWER.replace("s[::-1]", NOT_ASKED)));
      String other = body(OTHER_WORDS, "").replace("gpt-4o-mini", "tiers");
      assertThat(cache(ask(gateway, other))).isEqualTo("semantic");
      awaitCheck(gateway, "failed");
      HttpResponse<String> again = ask(gateway, other);
      assertThat(again.body()).isEqualTo(ANSWER);
      assertThat(cache(again)).isEqualTo("semantic");
    }
  }

  @Test
  void admin_dropsByLikeness_andTakesReportsOfWrongAnswers() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, ON)) {
      remember(gateway, QUESTION);
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"vectors\":1", "\"threshold\":0.915");
      String alike = "/admin/v1/cache?similar_to=reverse%20a%20string%20in%20Python";
      String cake = "/admin/v1/cache?similar_to=how%20to%20bake%20a%20cake";
      assertThat(change(gateway, "DELETE", cake)).contains("\"dropped\":0");
      String found = change(gateway, "DELETE", alike + "&dry_run=true");
      assertThat(found).contains("\"dropped\":1");
      String id = found.replaceAll(".*\"ids\":\\[\"([0-9a-f]{64})\".*", "$1");
      assertThat(cache(ask(gateway, body(OTHER_WORDS, "")))).isEqualTo("semantic");
      assertThat(change(gateway, "POST", "/admin/v1/cache/" + id + "/wrong"))
          .contains("\"dropped\":1");
      assertThat(gateway.admin("/admin/v1/cache")).contains("\"threshold\":0.99995");
      assertThat(cache(ask(gateway, body(OTHER_WORDS, "")))).isEqualTo("miss");
    }
  }

  private static String change(RunningGateway gateway, String method, String path) {
    return RunningGateway.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + gateway.gateway().adminPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build())
        .body();
  }
}
