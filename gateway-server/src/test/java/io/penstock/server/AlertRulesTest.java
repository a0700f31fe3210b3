package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shipped rules for Prometheus; {@code config/prometheus/verify} runs them there. */
class AlertRulesTest {
  private static String read(String... file) throws IOException {
    return Files.readString(Path.of("..", file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "penstock_ledger_lost_total",
        "penstock_ledger_refused_total",
        "penstock_ledger_damaged",
        "penstock_ledger_oldest_seconds",
        "penstock_alerts_undelivered_total"
      })
  void whatIsLost_isWatched_andItsRuleTried(String metric) throws IOException {
    assertThat(read("config", "prometheus", "alerts.yaml"))
        .containsPattern(" expr: .*" + metric + "\\b");
    assertThat(read("config", "prometheus", "alerts-test.yaml")).contains(metric);
  }

  @Test
  void everyMetric_isInTheReference() throws IOException {
    String reference = read("docs", "reference.md");
    assertThat(
            Pattern.compile("penstock_[a-z_]+")
                .matcher(read("config", "prometheus", "alerts.yaml"))
                .results()
                .map(found -> found.group().replaceFirst("_bucket$", "")))
        .hasSizeGreaterThan(10)
        .allMatch(name -> reference.contains("`" + name + "`"));
  }
}
