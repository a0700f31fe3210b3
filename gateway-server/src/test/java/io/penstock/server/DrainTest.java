package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A stop that nobody notices who was being served. */
@ExtendWith(LeakCheck.class)
class DrainTest {
  private static final String CHAT =
      "{\"stream\":true,\"model\":\"gpt-4o-mini\","
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final Script TWO_EVENTS =
      Script.sse(
          "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}",
          "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
              + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}",
          "[DONE]");

  /** More than all socket buffers on the way take. */
  private static final int LARGE = 24_000_000;

  @TempDir Path directory;

  @Test
  void drain_streamFinishes_newConnectionsAreRefused_readyzSaysSo() throws Exception {
    Gate gate = new Gate("second event");
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(TWO_EVENTS.pauseBefore(1, gate));
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
                  .replace("drain: 5s", "drain: forever"));
      try (RawClient streaming = RawClient.to(gateway);
          RawClient idle = RawClient.to(gateway)) {
        idle.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(idle.readUntil("ok\n")).startsWith("HTTP/1.1 200");
        streaming.send(
            RawClient.post("/v1/chat/completions", CHAT)
                + RawClient.post("/v1/chat/completions", CHAT));
        streaming.readUntil("one");
        CompletableFuture<Void> closing = CompletableFuture.runAsync(gateway::close);
        assertThat(idle.readToEnd()).isEmpty();
        Await.until("not ready", () -> gateway.admin("/readyz").contains("not ready"));
        assertThatThrownBy(() -> RawClient.to(gateway)).isInstanceOf(ConnectException.class);
        assertThat(closing).isNotDone();
        gate.open();
        String rest = streaming.readToEnd();
        assertThat(rest).contains("[DONE]");
        closing.get(20, TimeUnit.SECONDS);
      }
      try (RunningGateway again =
          RunningGateway.start(
              directory, RunningGateway.patient(RunningGateway.yaml(directory, provider, "")))) {
        assertThat(again.admin("/admin/v1/spend?by=status")).contains("\"200\"");
      }
    }
  }

  @Test
  void drain_headHalfSent_isRefusedWhenItIsWhole() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.yaml(directory, provider, "").replace("drain: 5s", "drain: 60s"));
      try (RawClient half = RawClient.to(gateway);
          RawClient idle = RawClient.to(gateway)) {
        String request = RawClient.post("/v1/chat/completions", CHAT);
        half.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + request.substring(0, 30));
        half.readUntil("ok\n");
        CompletableFuture<Void> closing = CompletableFuture.runAsync(gateway::close);
        idle.readToEnd();
        Await.until("not ready", () -> gateway.admin("/readyz").contains("not ready"));
        half.send(request.substring(30));
        assertThat(half.readToEnd())
            .startsWith("HTTP/1.1 503")
            .containsIgnoringCase("connection: close")
            .contains("\"code\":\"draining\"", "retry-after: 1");
        closing.get(20, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void drain_answerRecordedButNotYetTaken_arrivesWhole() throws Exception {
    String content = "x".repeat(LARGE);
    try (FakeProvider provider = FakeProvider.start()) {
      provider
          .on("/v1/chat/completions")
          .reply(
              Script.json(
                  "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
                      + content
                      + "\"},\"finish_reason\":\"stop\"}],"
                      + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}"));
      assertSlowReaderGetsAll(provider, CHAT.replace("true", "false"), "\"status\":200");
    }
  }

  @Test
  void drain_streamTakenSlowly_arrivesWhole() throws Exception {
    String event =
        "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + "x".repeat(32_000) + "\"}}]}";
    String[] events = new String[LARGE / 32_000];
    Arrays.fill(events, event);
    events[events.length - 1] = "[DONE]";
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.sse(events));
      assertSlowReaderGetsAll(provider, CHAT, null);
    }
  }

  /** Sends, drains once the answer is recorded (if it can be so soon), and reads only then. */
  private void assertSlowReaderGetsAll(
      FakeProvider provider, String request, @Nullable String recorded) throws Exception {
    RunningGateway gateway =
        RunningGateway.start(
            directory,
            RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
                .replace("drain: 5s", "drain: 60s"));
    try (RawClient slow = RawClient.slow(gateway);
        RawClient idle = RawClient.to(gateway)) {
      idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      idle.readUntil("ok\n");
      slow.send(RawClient.post("/v1/chat/completions", request));
      assertThat(slow.readUntil("xxx")).startsWith("HTTP/1.1 200");
      if (recorded != null) {
        Await.until(
            "the answer is recorded", () -> gateway.admin("/admin/v1/requests").contains(recorded));
      }
      CompletableFuture<Void> closing = CompletableFuture.runAsync(gateway::close);
      assertThat(idle.readToEnd()).isEmpty();
      assertThat(closing).isNotDone();
      long rest = slow.skip(Long.MAX_VALUE);
      assertThat(rest).isGreaterThan(LARGE - 100_000);
      closing.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void drain_over_whatIsLeftIsCutAndRecorded() throws Exception {
    Gate never = new Gate("never");
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(TWO_EVENTS.pauseBefore(1, never));
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
                  .replace("drain: 5s", "drain: 100ms"));
      try (RawClient client = RawClient.to(gateway)) {
        client.send(RawClient.post("/v1/chat/completions", CHAT));
        client.readUntil("one");
        gateway.close();
        assertThat(client.readToEnd())
            .containsSubsequence("\"code\":\"draining\"", "data: [DONE]\n\n")
            .endsWith("0\r\n\r\n");
      }
      never.open();
      try (RunningGateway again =
          RunningGateway.start(
              directory, RunningGateway.patient(RunningGateway.yaml(directory, provider, "")))) {
        // Counted and settled before the ledger closed, not left for recovery to guess.
        assertThat(again.admin("/admin/v1/requests"))
            .contains("\"usage_source\":\"estimated\"")
            .contains("\"ending\":\"upstream_failed\"")
            .contains("\"error\":\"draining\"")
            .doesNotContain("client_gone", "\"rejected\"");
        assertThat(again.admin("/admin/v1/spend?by=endpoint"))
            .contains("\"requests\" : 1,", "\"calls\" : 1,", "\"errors\" : 1,");
      }
    }
  }

  @Test
  void drain_over_whatHasNoHeadIs503_andMayBeTriedElsewhere() throws Exception {
    Gate never = new Gate("never");
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(TWO_EVENTS.pauseBeforeHeaders(never));
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.patient(
                      RunningGateway.yaml(
                          directory,
                          provider,
                          "cache: { exact: { ttl: 1h }, singleflight: true }\n"))
                  .replace("drain: 5s", "drain: 100ms"));
      try (RawClient client = RawClient.to(gateway);
          RawClient follower = RawClient.to(gateway)) {
        String request = RawClient.post("/v1/chat/completions", CHAT.replace("true", "false"));
        client.send(request);
        provider.awaitRequest(1);
        follower.send(request);
        Await.until(
            "both are under way",
            () -> gateway.admin("/metrics").contains("penstock_inflight 2.0"));
        assertThat(provider.requests()).as("the second waits for the first").hasSize(1);
        gateway.close();
        for (RawClient told : new RawClient[] {client, follower}) {
          assertThat(told.readToEnd())
              .startsWith("HTTP/1.1 503")
              .contains("retry-after: 1\r\n", "\"code\":\"draining\"");
        }
        assertThat(provider.requests()).hasSize(1);
      }
      never.open();
    }
  }

  @Test
  void drain_over_streamOfResponses_endsWithAnEventOfItsDialect() throws Exception {
    Gate never = new Gate("never");
    try (FakeProvider provider = FakeProvider.start()) {
      provider
          .on("/v1/responses")
          .reply(
              Script.sse(
                      "{\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"output_index\":0,"
                          + "\"content_index\":0,\"delta\":\"one\",\"sequence_number\":1}",
                      "{\"type\":\"response.completed\",\"response\":{},\"sequence_number\":2}")
                  .pauseBefore(1, never));
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
                  .replace("drain: 5s", "drain: 100ms"));
      try (RawClient client = RawClient.to(gateway)) {
        client.send(
            RawClient.post(
                "/v1/responses", "{\"stream\":true,\"model\":\"gpt-4o-mini\",\"input\":\"hi\"}"));
        client.readUntil("one");
        gateway.close();
        assertThat(client.readToEnd())
            .contains("event: error\ndata: {\"type\":\"error\",\"code\":\"draining\"")
            .contains("\"error\":{\"message\":");
      }
      never.open();
    }
  }

  @Test
  void drain_over_weakAnswerThatIsKept_isServed() throws Exception {
    Gate never = new Gate("never");
    Script weak =
        Script.json(
            "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                + "\"weak\"},\"finish_reason\":\"stop\"}],"
                + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}");
    try (FakeProvider provider = FakeProvider.start()) {
      provider
          .on("/v1/chat/completions")
          .reply(received ->
              received.text().contains("gpt-4o-mini")
                  ? weak
                  : TWO_EVENTS.pauseBeforeHeaders(never));
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
                  .replace(
                      "models:\n",
                      "models:\n  strict: { strategy: cascade, targets: [{ model: fake/gpt-4o-mini,"
                          + " accept: 'response.text == \"good\"' }, fake/gpt-4o] }\n")
                  .replace("drain: 5s", "drain: 100ms"));
      try (RawClient client = RawClient.to(gateway)) {
        client.send(
            RawClient.post(
                "/v1/chat/completions",
                CHAT.replace("true", "false").replace("gpt-4o-mini", "strict")));
        provider.awaitRequest(2);
        gateway.close();
        assertThat(client.readToEnd()).startsWith("HTTP/1.1 200").contains("weak");
      }
      never.open();
      try (RunningGateway again =
          RunningGateway.start(
              directory, RunningGateway.patient(RunningGateway.yaml(directory, provider, "")))) {
        assertThat(again.admin("/admin/v1/spend?by=endpoint"))
            .contains("\"requests\" : 1,", "\"calls\" : 2,");
      }
    }
  }
}
