package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a target cannot take: a 400, or left out and named where the route says so. Whoever gets the
 * answer is told, also when it was made for another.
 */
@ExtendWith(LeakCheck.class)
class DroppedFieldsTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String UPSTREAM = "/v1/messages";
  private static final String LENIENT =
      "{\"model\":\"lenient\",\"messages\":[{\"role\":\"user\",\"name\":\"bob\",\"content\":"
          + "\"hi\"}],\"n\":2,\"seed\":7}";
  private static final String STREAM = LENIENT.replace("{\"model\"", "{\"stream\":true,\"model\"");
  private static final String ANSWER =
      "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
          + "\"claude-sonnet-4-5\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}],"
          + "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":10,\"output_tokens\":2}}";

  @TempDir Path directory;
  private FakeProvider provider;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    provider = FakeProvider.start();
    provider.on(UPSTREAM).reply(Script.json(ANSWER));
    String claude =
        """

          claude:
            dialect: anthropic
            base_url: %s
            keys: [sk-upstream]
            catalogue: anthropic
            retries: { attempts: 0 }
        models:
          strict: claude/claude-sonnet-4-5
          lenient: { targets: [claude/claude-sonnet-4-5], on_unsupported: drop }
        """
            .formatted(provider.url());
    gateway =
        RunningGateway.start(
            directory,
            RunningGateway.yaml(
                    directory, provider, "cache: { exact: { ttl: 1h }, singleflight: true }\n")
                .replace("\nmodels:\n", claude));
  }

  @AfterEach
  void stop() {
    gateway.close();
    provider.close();
  }

  private static Script stream() {
    return Script.sse(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\","
            + "\"model\":\"claude-sonnet-4-5\",\"usage\":{\"input_tokens\":10}}}",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
            + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            + "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
            + "\"end_turn\"},\"usage\":{\"output_tokens\":2}}",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}");
  }

  private static void isDropped(HttpResponse<String> answer, String cache) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-penstock-cache")).hasValue(cache);
    assertThat(answer.headers().firstValue("x-penstock-dropped").orElse("").split(","))
        .containsExactlyInAnyOrder("messages.0.name", "n", "seed");
  }

  @Test
  void drop_isNamedOnTheMissAndOnEveryHit() {
    HttpResponse<String> miss = gateway.post(PATH, LENIENT);
    isDropped(miss, "miss");
    isDropped(gateway.post(PATH, LENIENT), "exact");
    isDropped(gateway.post(PATH, STREAM), "exact");

    assertThat(provider.requests()).hasSize(1);
    assertThat(provider.requests().getFirst().text())
        .doesNotContain("\"n\"")
        .doesNotContain("seed")
        .doesNotContain("bob");
  }

  @Test
  void drop_stream_isNamedForThoseWhoShareIt() {
    Gate begun = new Gate("text");
    Gate gate = new Gate("end");
    provider.on(UPSTREAM).reply(stream().pauseBefore(2, begun).pauseBefore(5, gate));
    CompletableFuture<HttpResponse<String>> leader = call();
    provider.awaitRequest(1);
    CompletableFuture<HttpResponse<String>> follower = call();
    Await.until(
        "both are under way",
        () -> gateway.admin("/metrics").lines().anyMatch("penstock_inflight 2.0"::equals));
    begun.open();
    gate.open();

    isDropped(leader.join(), "miss");
    isDropped(follower.join(), "exact");
    isDropped(gateway.post(PATH, STREAM), "exact");
    assertThat(provider.requests()).hasSize(1);
  }

  private CompletableFuture<HttpResponse<String>> call() {
    return CompletableFuture.supplyAsync(
        () -> gateway.post(PATH, STREAM), Thread::startVirtualThread);
  }

  @Test
  void withoutDrop_theFieldIsA400_harmlessOnesAreNamed() {
    String strict = LENIENT.replace("lenient", "strict");
    HttpResponse<String> refused = gateway.post(PATH, strict);

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.headers().firstValue("x-penstock-dropped")).isEmpty();
    assertThat(refused.body())
        .contains("\"code\":\"unsupported_parameter\"")
        .contains("\"param\":\"n\"")
        .contains("claude");
    assertThat(provider.requests()).isEmpty();

    HttpResponse<String> answer = gateway.post(PATH, strict.replace("\"n\":2,", ""));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-penstock-dropped")).hasValue("messages.0.name,seed");
  }

  @Test
  void withoutDrop_theErrorIsInTheClientsDialect() {
    HttpResponse<String> refused =
        gateway.post(
            "/v1beta/models/strict:generateContent",
            "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}],\"generationConfig\":"
                + "{\"candidateCount\":2}}");

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .contains("INVALID_ARGUMENT")
        .contains("generationConfig.candidateCount");
    assertThat(provider.requests()).isEmpty();
  }
}
