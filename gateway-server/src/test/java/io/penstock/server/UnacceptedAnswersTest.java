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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a cascade does not accept reaches nobody else, whether or not its client has stayed. */
@ExtendWith(LeakCheck.class)
class UnacceptedAnswersTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String MODELS =
      """
      models:
        careful: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: "response.text.contains('GOOD')" }, fake/gpt-4o] }
        fallback: { targets: [weak/gpt-4o-mini, fake/gpt-4o] }
        picky: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: 'metadata.quality == "draft" || response.text.contains("GOOD")' }, fake/gpt-4o] }
        bold: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: 'response.text.contains("GOOD")', stream: optimistic }, fake/gpt-4o] }
      """;

  @TempDir Path directory;
  private FakeProvider weak;
  private FakeProvider strong;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    weak = FakeProvider.start();
    strong = FakeProvider.start();
    String first =
        "providers:\n  weak: { dialect: openai, base_url: \"%s\", keys: [k], catalogue: openai, retries: { attempts: 0 }, on_disconnect: drain }\n"
            .formatted(weak.baseUrl());
    String yaml =
        RunningGateway.yaml(
                directory, strong, "cache: { exact: { ttl: 1h }, singleflight: true }\nloops: 1")
            .replace("models:\n", MODELS)
            .replace("providers:\n", first);
    gateway = RunningGateway.start(directory, RunningGateway.patient(yaml));
    strong.on(CHAT).reply(says("GOOD"));
  }

  @AfterEach
  void stop() {
    gateway.close();
    weak.close();
    strong.close();
  }

  private static Script says(String text) {
    return Script.json(
        """
        {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,\
        "message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],\
        "usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25}}\
        """
            .formatted(text));
  }

  private static Script streams(String text) {
    String chunk =
        "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":";
    return Script.sse(
        chunk + "[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"},\"finish_reason\":null}]}",
        chunk + "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
        chunk + "[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5,\"total_tokens\":25}}",
        "[DONE]");
  }

  private static String body(String model, boolean stream) {
    return "{\"model\":\"%s\",\"max_tokens\":50,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        .formatted(model, stream);
  }

  private HttpResponse<String> ask(String body) {
    HttpResponse<String> response = gateway.post(CHAT, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private void awaitInflight(int calls) {
    Await.until(
        calls + " calls are under way",
        () ->
            gateway
                .admin("/metrics")
                .lines()
                .anyMatch(("penstock_inflight " + calls + ".0")::equals));
  }

  private static String cache(HttpResponse<String> response) {
    return response.headers().firstValue("x-penstock-cache").orElse("");
  }

  /** Asks, and leaves once somebody follows, or at once. */
  private CompletableFuture<HttpResponse<String>> leaves(String body, boolean followed)
      throws Exception {
    CompletableFuture<HttpResponse<String>> follower = new CompletableFuture<>();
    try (RawClient leader = RawClient.to(gateway)) {
      leader.send(RawClient.post(CHAT, body));
      weak.awaitRequest(1);
      if (followed) {
        Thread.startVirtualThread(() -> follower.complete(gateway.post(CHAT, body)));
        awaitInflight(2);
      }
    }
    // The one loop has seen the client leave before it answers this.
    assertThat(gateway.get("/healthz").statusCode()).isEqualTo(200);
    return follower;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void drained_isNotKept(boolean stream) throws Exception {
    Gate gate = new Gate("the client has left");
    weak.on(CHAT).reply((stream ? streams("bad") : says("bad")).pauseBeforeHeaders(gate));
    leaves(body("careful", stream), false);
    gate.open();
    awaitInflight(0);
    HttpResponse<String> next = ask(body("careful", stream));
    assertThat(next.body()).contains("GOOD").doesNotContain("bad");
    assertThat(cache(next)).isEqualTo("miss");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void leaderLeft_theStrongerTierAnswersThoseWhoFollow(boolean stream) throws Exception {
    Gate gate = new Gate("the leader has left");
    weak.on(CHAT).reply((stream ? streams("bad") : says("bad")).pauseBeforeHeaders(gate));
    strong.on(CHAT).reply(stream ? streams("GOOD") : says("GOOD"));
    CompletableFuture<HttpResponse<String>> follower = leaves(body("careful", stream), true);
    gate.open();
    assertThat(follower.join().body()).contains("GOOD").doesNotContain("bad");
    assertThat(weak.requests()).hasSize(1);
    assertThat(strong.requests()).hasSize(1);
  }

  @Test
  void leaderLeft_theNextTargetAnswersThoseWhoFollow() throws Exception {
    Gate gate = new Gate("the leader has left");
    weak.on(CHAT).reply(Script.error(500).pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> follower = leaves(body("fallback", false), true);
    gate.open();
    assertThat(follower.join().body()).contains("GOOD");
    assertThat(weak.requests()).hasSize(1);
    assertThat(strong.requests()).hasSize(1);
  }

  /** The stronger tier fails: its client gets the weak answer after all, those who wait ask. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void servedAfterAll_isSharedWithNobody(boolean stream) throws Exception {
    Gate gate = new Gate("somebody follows");
    Script bad = stream ? streams("bad") : says("bad");
    weak.on(CHAT).reply(bad);
    weak.on(CHAT).nth(0).reply(bad.pauseBeforeHeaders(gate));
    strong.on(CHAT).reply(stream ? streams("GOOD") : says("GOOD"));
    strong.on(CHAT).nth(0).reply(Script.error(500));
    CompletableFuture<HttpResponse<String>> leader = new CompletableFuture<>();
    CompletableFuture<HttpResponse<String>> follower = new CompletableFuture<>();
    Thread.startVirtualThread(() -> leader.complete(ask(body("careful", stream))));
    weak.awaitRequest(1);
    Thread.startVirtualThread(() -> follower.complete(ask(body("careful", stream))));
    awaitInflight(2);
    gate.open();
    assertThat(leader.join().body()).contains("bad");
    assertThat(follower.join().body()).contains("GOOD").doesNotContain("bad");
  }

  /** It went out as it came: nobody knows whether it would have been accepted. */
  @Test
  void optimisticStream_isNotServedToCallsThatAreJudged() {
    weak.on(CHAT).reply(streams("weak"));
    assertThat(ask(body("bold", true)).body()).contains("weak");
    weak.on(CHAT).reply(says("weak"));
    HttpResponse<String> judged = ask(body("bold", false));
    assertThat(cache(judged)).isEqualTo("miss");
    assertThat(judged.body()).contains("GOOD");
    assertThat(cache(ask(body("bold", true)))).as("what was accepted").isEqualTo("exact");
  }

  private HttpResponse<String> askFor(String quality) {
    String metadata = "{\"quality\":\"" + quality + "\"}";
    return gateway.post(CHAT, body("picky", false), "X-Penstock-Metadata", metadata);
  }

  @Test
  void acceptedForOneCaller_isNotServedToOneWhoAsksForMore() {
    weak.on(CHAT).reply(says("weak"));
    assertThat(askFor("draft").body()).contains("weak");
    assertThat(cache(askFor("draft"))).isEqualTo("exact");
    HttpResponse<String> other = askFor("final");
    assertThat(cache(other)).isEqualTo("miss");
    assertThat(other.body()).contains("GOOD");
    assertThat(cache(askFor("best"))).as("wants the same").isEqualTo("exact");
  }

  @Test
  void acceptedForOneCaller_isNotSharedInFlightWithOneWhoAsksForMore() {
    Gate gate = new Gate("both have asked");
    weak.on(CHAT).reply(says("weak").pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> draft = new CompletableFuture<>();
    CompletableFuture<HttpResponse<String>> best = new CompletableFuture<>();
    Thread.startVirtualThread(() -> draft.complete(askFor("draft")));
    weak.awaitRequest(1);
    Thread.startVirtualThread(() -> best.complete(askFor("final")));
    awaitInflight(2);
    gate.open();
    assertThat(draft.join().body()).contains("weak");
    assertThat(best.join().body()).contains("GOOD");
  }
}
