package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code budget["x"]} in a condition, {@code explain} and {@code /v1/usage} say what was spent,
 * also when it was not this process that spent it. Each asks first about a subject of its own.
 */
@ExtendWith(LeakCheck.class)
class BudgetConditionsTest {
  private static final String CHAT =
      "{\"model\":\"smart\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  // 1,000 x 2.50 + 100 x 10.00 USD per million with gpt-4o: 0.0035 USD.
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String SPENT = "\"spent\":\"0.0035 USD\"";

  /** 87.5 % of it is spent by one call. */
  private static final String BUDGET =
      "budgets: [{ name: project, per: metadata.project, limit: 0.004 USD, every: total }]\n"
          + "clamp: off\n";

  private static final String RULES =
      "models:\n  smart: { strategy: rules, rules: [{ if: 'budget[\"project\"] > 0.8', use:"
          + " fake/gpt-4o-mini }, { use: fake/gpt-4o }] }\n";

  @TempDir Path directory;

  private static String yaml(Path own, FakeProvider provider, String more) {
    return RunningGateway.yaml(own, provider, BUDGET + more).replaceFirst("models:\n", RULES);
  }

  /** Returns the model that answered. */
  private static String call(RunningGateway gateway, String project) {
    HttpResponse<String> answer =
        gateway.post(
            "/v1/chat/completions",
            CHAT,
            "X-Penstock-Metadata",
            "{\"project\":\"" + project + "\"}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.headers().firstValue("x-penstock-model").orElse("");
  }

  private static void spend(RunningGateway gateway) {
    for (String project : new String[] {"a", "b", ""}) {
      assertThat(call(gateway, project)).isEqualTo("gpt-4o");
    }
  }

  private static void assertKnown(RunningGateway gateway) {
    assertThat(call(gateway, "a")).isEqualTo("gpt-4o-mini");
    String headers = "{\"x-penstock-metadata\":\"{\\\"project\\\":\\\"b\\\"}\"}";
    assertThat(gateway.explain("chat", CHAT, headers))
        .contains("\"target\":\"fake/gpt-4o-mini\"", "\"why\":\"rule[0]");
    assertThat(gateway.get("/v1/usage").body()).contains(SPENT);
  }

  @Test
  void afterRestart_theFirstCallIsRoutedByWhatWasSpent() {
    try (FakeProvider provider = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      String yaml = yaml(directory, provider, "");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        spend(gateway);
      }
      try (RunningGateway again = RunningGateway.start(directory, yaml)) {
        assertKnown(again);
      }
    }
  }
}
