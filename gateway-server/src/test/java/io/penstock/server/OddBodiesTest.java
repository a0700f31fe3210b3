package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  /** What one reader takes all must take; whoever makes a number of many digits takes too long. */
  @ParameterizedTest
  @CsvSource({"1000, 200", "1001, 400", "1000000, 400"})
  void number_ofManyDigits_isTakenOrRefusedOnceForAll(int digits, int status) {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "cache: { exact: { ttl: 1h } }")) {
      HttpResponse<String> answer =
          gateway.post(
              "/v1/chat/completions",
              "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
                  + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":"
                  + "{\"maximum\":%s}}}]}".formatted("7".repeat(digits)));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
      if (status == 400) {
        assertThat(answer.body()).contains("invalid_json", "1000 digits");
      }
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

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '~',
      delimiter = '|',
      value = {
        "/v1/chat/completions|'model':'gpt-4o-mini','max_tokens':1e2,'messages':TURN",
        "/v1/messages|'model':'gpt-4o-mini','max_tokens':1e2,'messages':TURN",
        "/v1/responses|'model':'gpt-4o-mini','max_output_tokens':1e2,'input':'hi'",
        "/v1beta/models/gpt-4o-mini:generateContent"
            + "|'contents':[{'parts':[{'text':'hi'}]}],'generationConfig':{'maxOutputTokens':1e2}",
      })
  void byteOrderMark_andAWholeNumberWithAnExponent_areWhatTheyMean(String path, String fields)
      throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "")) {
      String json = fields.replace('\'', '"').replace("TURN", "[{'role':'user','content':'hi'}]");
      HttpResponse<String> answer = gateway.post(path, "\ufeff{" + json.replace('\'', '"') + "}");
      assertThat(provider.requests()).as(answer.body()).hasSize(1);
      byte[] sent = provider.requests().getFirst().body();
      assertThat(new String(sent, StandardCharsets.UTF_8).strip()).startsWith("{");
      JsonNode read = new ObjectMapper().readTree(sent);
      int cap = 0;
      for (String name : List.of("max_tokens", "max_completion_tokens", "max_output_tokens")) {
        cap = Math.max(cap, read.path(name).asInt());
      }
      assertThat(cap).isEqualTo(100);
      awaitNothingUnderWay(gateway);
    }
  }
}
