package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a model thought unseen is charged too when its answer breaks off before it has said so. */
@ExtendWith(LeakCheck.class)
class SilentThoughtsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String ASK =
      "{\"model\":\"thinker\",\"stream\":true,\"max_completion_tokens\":3000,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String WORD =
      "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"o4-mini\","
          + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}";
  private static final String END =
      WORD.replace("{\"content\":\" word\"}}", "{},\"finish_reason\":\"stop\"}");

  @TempDir Path directory;

  private static Script whole(int thought) {
    return Script.sse(
        WORD,
        END,
        "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"o4-mini\",\"choices\":[],"
            + "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":"
            + (thought + 1)
            + ",\"completion_tokens_details\":{\"reasoning_tokens\":"
            + thought
            + "}}}",
        "[DONE]");
  }

  private static JsonNode usageOf(RunningGateway gateway, HttpResponse<String> answer) {
    String path =
        "/admin/v1/requests/" + answer.headers().firstValue("x-penstock-request-id").orElseThrow();
    Await.until("the row is there", () -> gateway.admin(path).contains("\"estimated\""));
    try {
      return MAPPER.readTree(gateway.admin(path)).path("attempts").path(0).path("usage");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private RunningGateway start(FakeProvider provider) {
    return RunningGateway.start(
        directory,
        RunningGateway.yaml(directory, provider, "")
            .replace("\nmodels:\n", "\nmodels:\n  thinker: fake/o4-mini\n"));
  }

  @Test
  void brokenOff_nothingKnownYet_isChargedAFixedThought() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider)) {
      provider.on("/v1/chat/completions").reply(Script.sse(WORD));

      JsonNode usage = usageOf(gateway, gateway.post("/v1/chat/completions", ASK));

      assertThat(usage.path("output_reasoning").asLong()).as(usage.toString()).isEqualTo(2_048);
    }
  }

  @Test
  void brokenOff_isChargedWhatItsAnswersMostlyThought() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider)) {
      provider.on("/v1/chat/completions").reply(whole(500));
      for (int i = 0; i < 3; i++) {
        assertThat(gateway.post("/v1/chat/completions", ASK).statusCode()).isEqualTo(200);
      }
      provider.on("/v1/chat/completions").reply(Script.sse(WORD));

      JsonNode usage = usageOf(gateway, gateway.post("/v1/chat/completions", ASK));

      // Known to an eighth.
      assertThat(usage.path("output_reasoning").asLong())
          .as(usage.toString())
          .isBetween(500L, 565L);
    }
  }
}
