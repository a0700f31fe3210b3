package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Bodies that are well formed and yet not what the accounting looks for: nothing stays held. */
@ExtendWith(LeakCheck.class)
class OddBodiesTest {
  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String more) {
    return RunningGateway.start(
        directory,
        RunningGateway.yaml(directory, provider, more)
            .replace(
                "\nmodels:\n",
                "\nmodels:\n  speaker: fake/gpt-4o-mini-tts\n"
                    // A route that may fill the field in: its type is the provider's business.
                    + "  filled: { targets: [{ model: fake/gpt-4o-mini-tts, default: { input: hm }"
                    + " }] }\n")
            .replace("body: 1MiB", "body: 32MiB"));
  }

  private static void awaitNothingUnderWay(RunningGateway gateway) {
    Await.until(
        "nothing is under way",
        () -> {
          String status = gateway.admin("/admin/v1/status");
          return status.contains("\"inflight\":0")
              && status.contains("\"inflight_bytes\":0")
              && status.contains("\"open\":0");
        });
  }

  @Test
  void speech_ofNoText_clientLeavesBeforeTheStatus_isSettled() throws Exception {
    String one = "rates: [{ name: one, concurrent: 1 }]";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, one)) {
      provider.on("/v1/audio/speech").reply(Script.silentAccept());
      try (RawClient client = RawClient.to(gateway)) {
        client.send(
            RawClient.post(
                "/v1/audio/speech", "{\"model\":\"filled\",\"voice\":\"alloy\",\"input\":5}"));
        Await.until("it is asked", () -> !provider.requests().isEmpty());
      }
      awaitNothingUnderWay(gateway);
      provider.on("/v1/audio/speech").reply(Script.bytes("audio/mpeg", new byte[] {1}));
      Await.until(
          "the only place is free",
          () ->
              gateway
                      .post(
                          "/v1/audio/speech",
                          "{\"model\":\"speaker\",\"voice\":\"alloy\",\"input\":\"a\"}")
                      .statusCode()
                  == 200);
    }
  }

  @Test
  void text_ofManyMegabytes_isServedOrRefused_andNothingStaysHeld() {
    String huge = "x".repeat(20_000_001);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "")) {
      for (String more :
          new String[] {
            "\"tools\":[{\"type\":\"" + huge + "\"}]",
            "\"metadata\":{\"file_id\":\"" + huge + "\"}",
            "\"user\":\"" + huge + "\""
          }) {
        HttpResponse<String> answer =
            gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
                    + more
                    + "}");
        assertThat(answer.statusCode()).as(more.substring(0, 20)).isBetween(200, 499);
      }
      awaitNothingUnderWay(gateway);
    }
  }
}
