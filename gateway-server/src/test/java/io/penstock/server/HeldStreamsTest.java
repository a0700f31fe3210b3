package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.body.BodyMemory;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that begin with very much that is no answer: bounded, whatever it is. */
@ExtendWith(LeakCheck.class)
class HeldStreamsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String COMMENT = ": hi\n\n";
  private static final String ROLE =
      "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
          + "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,"
          + "\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
  private static final String WORD =
      "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}";
  private static final String FINISH =
      "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(HeldStreamsTest::yaml, provider);

  private static String yaml(Path directory) {
    return RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
        .replace(
            "retries: { attempts: 0 }",
            "retries: { attempts: 0 }\n    breaker: { failures: 1000000 }")
        .replace(
            "models:\n",
            """
            models:
              both: { targets: [fake/gpt-4o-mini, fake/gpt-4o] }
              whole: { targets: [fake/gpt-4o-mini, fake/gpt-4o], resume: buffer, hold: 1ms }
            """);
  }

  @AfterEach
  void nothingIsHeld() {
    gateway.awaitRest();
    Await.until("its memory is given back", () -> BodyMemory.BUFFERS.held() == 0);
  }

  private static String ask(String model) {
    return "{\"model\":\"%s\",\"stream\":true,\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        .formatted(model);
  }

  /** Returns so many of that event, together the last but for its end. */
  private static String flood(String event, int bytes) {
    return event.repeat(bytes / event.length()).stripTrailing();
  }

  private static Script floods(String event, int bytes) {
    return Script.sse(flood(event, bytes), WORD, FINISH, "[DONE]");
  }

  @ParameterizedTest
  @ValueSource(strings = {COMMENT, "event: ping\ndata: {}\n\n", ROLE})
  void beginning_endless_isAMalformedAnswer(String event) {
    provider.on(CHAT).reply(floods(event, 8 << 20));
    HttpResponse<String> response = gateway.post(CHAT, ask("gpt-4o-mini"));
    assertThat(response.statusCode()).isEqualTo(502);
    assertThat(response.body()).contains("upstream_malformed", "before its first content");
  }

  @ParameterizedTest
  @ValueSource(strings = {COMMENT, ROLE})
  void beginning_endless_theNextTargetAnswers(String event) {
    provider.on(CHAT).model("gpt-4o-mini").reply(floods(event, 8 << 20));
    provider.on(CHAT).model("gpt-4o").reply(Script.sse(WORD, FINISH, "[DONE]"));
    HttpResponse<String> response = gateway.post(CHAT, ask("both"));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("Hello").hasSizeLessThan(4096);
    assertThat(gateway.rows(response)).hasSize(2);
  }

  @Test
  void beginning_long_allOfItReachesTheClientInOrder() {
    String comments = flood(": hi\n\n", 1 << 20) + "\n\n";
    provider.on(CHAT).reply(floods(COMMENT, 1 << 20));
    HttpResponse<String> response = gateway.post(CHAT, ask("gpt-4o-mini"));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body().startsWith(comments + "data: " + WORD)).isTrue();
  }

  @Test
  void bufferedStream_thatOnlyPingsBehindItsContent_goesOutWhenItIsLong() throws Exception {
    Gate rest = new Gate("the rest of the stream");
    provider
        .on(CHAT)
        .reply(Script.sse(WORD, flood(COMMENT, 17 << 20), FINISH, "[DONE]").pauseBefore(2, rest));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, ask("whole"), "Connection: close"));
      assertThat(client.readUntil("Hello")).startsWith("HTTP/1.1 200");
      rest.open();
      assertThat(client.skip(Long.MAX_VALUE)).isGreaterThan(16 << 20);
    }
  }
}
