package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Defects in what a call does later on its loop: behind a timer, or when a store has answered. They
 * end the call as those of {@link DefectsTest} do.
 */
@ExtendWith(LeakCheck.class)
class LateDefectsTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String WORD =
      "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";

  @TempDir Path directory;
  private final DefectiveTicker ticker = new DefectiveTicker();
  private final FakeProvider provider = FakeProvider.start();
  private final RunningGateway gateway = new RunningGateway();

  private void start(String more) {
    begin(RunningGateway.yaml(directory, provider, more));
  }

  private void begin(String yaml) {
    gateway.begin(directory, RunningGateway.patient(yaml), ticker);
  }

  @AfterEach
  void stop() {
    ticker.method = "";
    gateway.awaitRest();
    gateway.close();
    provider.close();
  }

  /** Whoever is left without an answer fails a test instead of holding it up. */
  private static HttpResponse<String> soon(Supplier<HttpResponse<String>> call) {
    return CompletableFuture.supplyAsync(call).orTimeout(30, TimeUnit.SECONDS).join();
  }

  private HttpResponse<String> chat(String model, String more, String... headers) {
    String body =
        "{\"model\":\"%s\",%s\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
            .formatted(model, more);
    return soon(() -> gateway.post(PATH, body, headers));
  }

  @Test
  void passedThrough_redisAnswersLate_andThenADefect_is500() {
    try (RedisServer redis = RedisServer.start()) {
      start(
          """
          state: { redis: "%s" }
          passthrough: { /v1/files: fake }
          rates: [{ name: calls, concurrent: 5 }]
          """
              .formatted(redis.uri()));
      Await.until("ready", () -> gateway.admin("/readyz").startsWith("ok"));
      provider.on("/v1/files/f1").reply(Script.json("{}"));
      ticker.method = "Passthrough.enter";
      HttpResponse<String> response = soon(() -> gateway.get("/v1/files/f1"));
      assertThat(ticker.thrown).hasPositiveValue();
      assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
      assertThat(response.body()).contains("internal_error");
      ticker.method = "";
      assertThat(soon(() -> gateway.get("/v1/files/f1")).statusCode()).isEqualTo(200);
      gateway.awaitRest();
    }
  }

  @Test
  void holdIsOver_andThenADefect_endsTheStreamWithAnError() {
    String models =
        "models:\n  hedged: { targets: [fake/gpt-4o, fake/gpt-4o-mini], hold: 500ms,"
            + " hedge: { after: 20ms, budget: 100% } }\n";
    begin(
        RunningGateway.yaml(
                directory, provider, "budgets: [{ name: all, limit: 10 USD, every: month }]")
            .replaceFirst("models:\n", models));
    Gate never = new Gate("nobody answers");
    provider.on(PATH).reply(Script.sse(WORD, "[DONE]").pauseBeforeHeaders(never));
    ticker.method = "ClientAnswer.holdOver";
    HttpResponse<String> response = chat("hedged", "\"stream\":true,\"max_tokens\":50,");
    never.open();
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("internal_error").endsWith("}\n\ndata: [DONE]\n\n");
    gateway.awaitCounted();
  }

  @Test
  void cutByABudget_andThenADefect_endsTheStreamWithAnError() {
    start(
        """
        budgets: [{ name: tight, when: 'app != "tests"', limit: 0.001 USD, every: total }]
        clamp: off
        """);
    String open = "\"stream\":true,";
    provider
        .on(PATH)
        .reply(
            Script.sse(
                WORD,
                "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
                    + "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20}}",
                "[DONE]"));
    for (int i = 0; i < 200; i++) {
      // What answers mostly need is learned of so many.
      assertThat(chat("gpt-4o-mini", open).statusCode()).isEqualTo(200);
    }
    provider.on(PATH).reply(Script.endless("data: " + WORD + "\n\n"));
    ticker.method = "Leg.shorten";
    HttpResponse<String> response =
        chat(
            "gpt-4o-mini",
            open,
            "Authorization",
            "Bearer pk-support",
            "X-Penstock-Metadata",
            "{\"project\":\"apollo\"}");
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("internal_error").endsWith("}\n\ndata: [DONE]\n\n");
    gateway.awaitCounted();
  }

  @Test
  void shadow_cannotBeSent_holdsNothing_andItsClientHasItsAnswer() {
    String models =
        "models:\n  copied: { targets: [fake/gpt-4o-mini],"
            + " shadow: { model: fake/gpt-4o, share: 100%, budget: 1 USD } }\n";
    begin(
        RunningGateway.yaml(directory, provider, "")
            .replace("keys: [sk-upstream]", "keys: [sk-upstream, sk-other]")
            .replaceFirst("models:\n", models));
    provider.on(PATH).reply(Script.json(ANSWER));
    ticker.method = "SideCall.start";
    assertThat(chat("copied", "\"max_tokens\":50,").statusCode()).isEqualTo(200);
    Await.until("the copy failed", () -> ticker.thrown.get() > 0);
    Await.until(
        "it is known",
        () -> gateway.admin("/admin/v1/shadows").replace(" ", "").contains("\"failed\":1"));
  }
}
