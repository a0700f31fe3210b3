package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Changes of budgets whose subjects an override counts. */
@ExtendWith(LeakCheck.class)
class OverrideTopUpTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String BUDGET =
      "budgets: [{ name: small, per: team, limit: 1 USD, every: total, overrides: [{ when: 'team =="
          + " \"engineering\"', limit: 0.0003 USD }] }]\n"
          + "clamp: off";

  @TempDir Path directory;

  private static HttpResponse<String> change(RunningGateway gateway, String path, String body) {
    return RunningGateway.send(
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:" + gateway.gateway().adminPort() + "/admin/v1/" + path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  @Test
  void topUpAndReset_ofASubjectThatAnOverrideCounts_nameIt_orAreRefused() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, BUDGET))) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      HttpResponse<String> refused = gateway.post("/v1/chat/completions", CHAT);
      while (refused.statusCode() == 200) {
        refused = gateway.post("/v1/chat/completions", CHAT);
      }
      assertThat(refused.statusCode()).isEqualTo(402);
      assertThat(refused.body()).contains("Budget small (override 0) of engineering");

      String subject = "{\"subject\":\"engineering\"";
      for (String path : new String[] {"top-up", "reset"}) {
        HttpResponse<String> nothing =
            change(
                gateway,
                "budgets/small/" + path,
                subject + (path.equals("reset") ? "}" : ",\"amount\":\"1 USD\"}"));
        assertThat(nothing.statusCode()).as(nothing.body()).isEqualTo(400);
        assertThat(nothing.body())
            .contains("override: nothing (expected: 0, the override that counts 'engineering'");
      }
      assertThat(gateway.admin("/admin/v1/budgets")).doesNotContain("-1.00 USD");

      HttpResponse<String> topUp =
          change(
              gateway, "budgets/small/top-up", subject + ",\"amount\":\"1 USD\",\"override\":0}");
      assertThat(topUp.statusCode()).as(topUp.body()).isEqualTo(200);
      assertThat(topUp.body()).contains("\"override\":0");
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      HttpResponse<String> own =
          change(
              gateway, "budgets/small/top-up", subject + ",\"amount\":\"1 USD\",\"override\":-1}");
      assertThat(own.statusCode()).as("meant all the same: " + own.body()).isEqualTo(200);
    }
  }

  @Test
  void unknownField_isRefused_withTheNearestName() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, BUDGET))) {
      HttpResponse<String> topUp =
          change(
              gateway,
              "budgets/small/top-up",
              "{\"subject\":\"engineering\",\"amount\":\"1 USD\",\"overide\":0}");
      assertThat(topUp.statusCode()).as(topUp.body()).isEqualTo(400);
      assertThat(topUp.body()).contains("overide: unknown field", "did you mean override?");
      HttpResponse<String> explain =
          change(gateway, "explain", "{\"key\":\"k\",\"body\":{},\"header\":{}}");
      assertThat(explain.statusCode()).isEqualTo(400);
      assertThat(explain.body()).contains("did you mean headers?");
    }
  }
}
