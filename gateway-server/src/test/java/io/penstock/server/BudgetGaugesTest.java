package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BudgetGaugesTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\","
          + "\"content\":\"hi\"}]}";

  @TempDir Path directory;

  private static double ratio(RunningGateway gateway, String budget, String subject)
      throws Exception {
    String line =
        "penstock_budget_used_ratio{budget=\"%s\",subject=\"%s\"} ".formatted(budget, subject);
    String metrics = gateway.admin("/metrics");
    Matcher matcher = Pattern.compile(Pattern.quote(line) + "(\\S+)").matcher(metrics);
    assertThat(matcher.find()).as(line + " in " + metrics).isTrue();
    return Double.parseDouble(matcher.group(1));
  }

  /** The page of a scrape shows 500 counters; those that an alert watches are in every one. */
  @Test
  void usedRatio_besideManySubjects_isThatOfTheScrape() throws Exception {
    String budgets =
        """
        budgets:
          - { name: all, limit: 1 USD, every: total }
          - { name: teams, per: team, limit: 1 USD, every: total }
          - { name: each, per: end_user, limit: 0.001 USD, every: total }
        """;
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, budgets))) {
      call(gateway, 0);
      double one = ratio(gateway, "all", "");
      assertThat(one).isPositive();
      for (int i = 1; i < 1_100; i++) {
        call(gateway, i);
      }
      for (int scrape = 1_100; scrape < 1_106; scrape++) {
        assertThat(ratio(gateway, "all", "")).isCloseTo(scrape * one, within());
        assertThat(ratio(gateway, "teams", "engineering")).isCloseTo(scrape * one, within());
        assertThat(ratio(gateway, "each", "max")).isPositive();
        call(gateway, scrape);
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }

  private static void call(RunningGateway gateway, int user) {
    assertThat(
            gateway.post("/v1/chat/completions", CHAT, "x-penstock-user", "u" + user).statusCode())
        .isEqualTo(200);
  }
}
