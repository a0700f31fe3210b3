package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Turns of one conversation are one session, although nobody named it. */
@ExtendWith(LeakCheck.class)
class SessionTest {
  @TempDir Path directory;

  private static String chat(String turns) {
    return "{\"model\":\"gpt-4o-mini\",\"messages\":[" + turns + "]}";
  }

  private static String session(RunningGateway gateway, String body) throws IOException {
    HttpResponse<String> response = gateway.post("/v1/chat/completions", body);
    String id = response.headers().firstValue("x-penstock-request-id").orElseThrow();
    return new ObjectMapper()
        .readTree(gateway.admin("/admin/v1/requests/" + id))
        .path("attempts")
        .path(0)
        .path("session")
        .asText();
  }

  @Test
  void budgetPerSession_groupsTurnsByTheirOpening() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(
                    directory,
                    provider,
                    "budgets: [{ name: talk, per: session, limit: 5 USD, every: total }]"))) {
      String opening = "{\"role\":\"user\",\"content\":\"hello\"}";
      String more =
          opening
              + ",{\"role\":\"assistant\",\"content\":\"yes?\"},"
              + "{\"role\":\"user\",\"content\":\"go on\"}";
      String first = session(gateway, chat(opening));
      assertThat(first).hasSize(16).isEqualTo(session(gateway, chat(more)));
      assertThat(session(gateway, chat(opening.replace("hello", "other")))).isNotEqualTo(first);
    }
  }
}
