package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the dashboard is made of and what it reads, without a browser. */
@ExtendWith(LeakCheck.class)
class UiFilesTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path directory;

  private static HttpResponse<String> get(RunningGateway gateway, String path) {
    return RunningGateway.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.gateway().adminPort() + path))
            .build());
  }

  private String yaml(FakeProvider provider) {
    return RunningGateway.yaml(
        directory,
        provider,
        """
        budgets:
          - { name: org, limit: 50 USD, every: total }
          - { name: team, per: team, limit: 20 USD, every: total }
          - { name: apollo, when: 'metadata.project == "apollo"', limit: 20 USD, every: month }
        """);
  }

  @Test
  void files_needNoTokenAndAllowNothingInlineOrFromElsewhere() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                yaml(provider)
                    .replace(
                        "admin: { listen: 127.0.0.1:0 }",
                        "admin: { listen: 127.0.0.1:0, token: sesame }"))) {
      HttpResponse<String> page = get(gateway, "/ui");
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(page.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
      assertThat(page.headers().firstValue("content-security-policy").orElse(""))
          .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
          .doesNotContain("unsafe", "http");
      assertThat(page.body()).doesNotContain("style=", "onclick", "http://", "https://");
      HttpResponse<String> head =
          RunningGateway.send(HttpRequest.newBuilder(page.uri()).HEAD().build());
      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(head.body()).isEmpty();
      assertThat(head.headers().firstValueAsLong("content-length"))
          .hasValue(page.body().getBytes(StandardCharsets.UTF_8).length);
      HttpResponse<String> library = get(gateway, "/ui/lib/chart-4.5.1.js");
      assertThat(page.body()).contains("/ui/lib/chart-4.5.1.js");
      assertThat(library.body()).contains("Chart.js v4.5.1");
      assertThat(library.headers().firstValue("cache-control").orElse("")).contains("immutable");
      for (String absent :
          new String[] {"/ui/UiFiles.class", "/ui/..%2f..%2flogback.xml", "/ui/x/y"}) {
        assertThat(get(gateway, absent).statusCode()).as(absent).isEqualTo(404);
      }
      assertThat(get(gateway, "/admin/v1/status").statusCode()).isEqualTo(401);
      assertThat(get(gateway, "/metrics").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void series_sumsToTheReportStepByStep() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      SampleLedger.fill(directory, yaml(provider), 20, 400, 10);
      try (RunningGateway gateway = RunningGateway.start(directory, yaml(provider))) {
        String period =
            "&where=team:engineering&from=" + LocalDate.now(ZoneOffset.UTC).minusDays(20);
        JsonNode series =
            MAPPER.readTree(
                gateway.admin("/admin/v1/spend/series?by=user&over=day&top=2" + period));
        JsonNode report = MAPPER.readTree(gateway.admin("/admin/v1/spend?by=user" + period));
        assertThat(series.path("series").findValuesAsText("key"))
            .containsExactly(
                report.path("lines").path(0).path("user").asText(),
                report.path("lines").path(1).path("user").asText());
        BigDecimal sum = BigDecimal.ZERO;
        for (JsonNode line : series.path("series")) {
          sum = sum.add(sum(line.path("cost_usd")));
        }
        sum = sum.add(sum(series.path("rest").path("cost_usd")));
        assertThat(sum).isEqualByComparingTo(report.path("total").path("cost_usd").asText());
        JsonNode few = MAPPER.readTree(gateway.admin("/admin/v1/spend?by=user&limit=3" + period));
        assertThat(few.path("lines")).hasSize(3);
        assertThat(few.path("total").equals(report.path("total"))).isTrue();
        assertThat(few.path("rest_lines").asInt()).isEqualTo(report.path("lines").size() - 3);
        BigDecimal shown = new BigDecimal(few.path("rest").path("cost_usd").asText());
        for (JsonNode line : few.path("lines")) {
          shown = shown.add(new BigDecimal(line.path("cost_usd").asText()));
        }
        assertThat(shown).isEqualByComparingTo(report.path("total").path("cost_usd").asText());
        assertThat(report.has("rest")).isFalse();
        String last =
            report.path("lines").path(report.path("lines").size() - 1).path("user").asText();
        JsonNode found =
            MAPPER.readTree(
                gateway.admin(
                    "/admin/v1/spend?by=user&limit=1&find="
                        + last.toUpperCase(Locale.ROOT)
                        + period));
        assertThat(found.path("lines").findValuesAsText("user")).containsExactly(last);
        assertThat(gateway.admin("/admin/v1/spend/series?by=user,team")).contains("one dimension");
        assertThat(gateway.admin("/admin/v1/spend/series?over=week"))
            .contains("expected: hour, day or month");
        assertThat(gateway.admin("/admin/v1/spend?where=engineering")).contains("team:support");
      }
    }
  }

  private static BigDecimal sum(JsonNode amounts) {
    BigDecimal sum = BigDecimal.ZERO;
    for (JsonNode amount : amounts) {
      sum = sum.add(new BigDecimal(amount.asText()));
    }
    return sum;
  }

  @Test
  void burnDown_hasTheStepsThatLedToWhatIsSpent() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      SampleLedger.fill(directory, yaml(provider), 20, 400, 10);
      try (RunningGateway gateway = RunningGateway.start(directory, yaml(provider))) {
        for (String one : new String[] {"org/burn-down", "team/burn-down?subject=support"}) {
          JsonNode burn = MAPPER.readTree(gateway.admin("/admin/v1/budgets/" + one));
          BigDecimal steps = BigDecimal.ZERO;
          for (JsonNode point : burn.path("points")) {
            steps = steps.add(usd(point.path("spent")));
          }
          assertThat(steps).as(one).isPositive().isEqualByComparingTo(usd(burn.path("spent")));
          assertThat(burn.path("used_up_at").asText()).as(one).isNotEmpty();
        }
        assertThat(gateway.admin("/admin/v1/budgets/team/burn-down?subject=nobody"))
            .contains("unknown_budget");
        assertThat(gateway.admin("/admin/v1/budgets/team/burn-down?override=x"))
            .contains("expected: the index of an override");
      }
    }
  }

  private static BigDecimal usd(JsonNode text) {
    return new BigDecimal(text.asText().replace(" USD", ""));
  }
}
