package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Content;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code report --cache} and the admin port's forecast, on ledgers with and without content. */
@ExtendWith(LeakCheck.class)
class CacheForecastTest {
  private static final long COST = 1_000_000;

  @TempDir Path directory;
  private final CommandRun command = new CommandRun();

  private interface Traffic {
    void on(SqlLedger ledger, RequestIds ids);
  }

  private Path config(String more) throws IOException {
    return Files.writeString(
        directory.resolve("penstock.yaml"),
        """
        listen: 127.0.0.1:0
        admin: { listen: 127.0.0.1:0 }
        ledger: { url: "sqlite:%s" }
        providers: { fake: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k] } }
        models: { gpt-4o-mini: fake/gpt-4o-mini }
        %s
        """
            .formatted(directory.resolve("ledger.db"), more));
  }

  private String recorded(String more, Traffic traffic) throws IOException {
    Path config = config(more);
    String url = "sqlite:" + directory.resolve("ledger.db");
    Ticker ticker = Ticker.system();
    try (SqlLedger ledger =
        SqlLedger.open(LedgerOptions.of(url, directory.resolve("ledger.db.journal")), ticker)) {
      traffic.on(ledger, new RequestIds(ticker, new SplittableRandom(1)));
      ledger.flush(20_000);
    }
    return config.toString();
  }

  private static void put(
      SqlLedger ledger,
      RequestIds ids,
      String team,
      Cause cause,
      int status,
      @Nullable String question) {
    long now = System.currentTimeMillis();
    UUID request = ids.next();
    ledger
        .writer()
        .row(
            new LedgerRow(
                new LedgerRow.Attempt(request, 1, cause),
                new LedgerRow.Times(now, now, 1, 1, 1),
                new LedgerRow.Caller(team, "", "", "", "k-" + team, "s", Map.of()),
                new LedgerRow.Destination("chat", "gpt-4o-mini", "mini", "", "fake", "gpt-4o-mini"),
                new LedgerRow.Outcome(
                    status, Ending.COMPLETED, "", "", CacheOutcome.OFF, Waste.NONE),
                Usage.builder().set(Meter.INPUT, 7).build(),
                UsageSource.REPORTED,
                new LedgerRow.Money(COST, COST, 0, 0, 0, "v"),
                List.of()));
    if (question != null) {
      byte[] body =
          "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
              .formatted(question)
              .getBytes(StandardCharsets.UTF_8);
      ledger.keep(new Content(request, body, new byte[0], body.length, 0));
    }
  }

  private JsonNode json(String... args) throws JsonProcessingException {
    assertThat(command.run(args)).as(command.complained()).isZero();
    return new ObjectMapper().readTree(command.said());
  }

  private static JsonNode line(JsonNode report, String team, String setting) {
    for (JsonNode line : report.path("lines")) {
      if (line.path("team").asText().equals(team)
          && line.path("setting").asText().equals(setting)) {
        return line;
      }
    }
    throw new AssertionError("no line " + team + " " + setting + " in " + report);
  }

  @Test
  void contentKept_exactAndNearDuplicates_byRouteAndTeam() throws IOException {
    String file =
        recorded(
            "cache: { exact: { ttl: 2h }, semantic: { max_false_hits: 5%, serve: false } }",
            (ledger, ids) -> {
              for (String question :
                  new String[] {
                    "How do I reverse a string in Python?",
                    "How do I reverse a string in Python?",
                    "How can I reverse a string in Python?",
                    "How do I reverse a string in Java?",
                    "What is the weather in Rome right now?"
                  }) {
                put(ledger, ids, "red", Cause.REQUEST, 200, question);
              }
              // Another team's cache; a call that failed; a call that the gateway made for itself.
              put(ledger, ids, "blue", Cause.REQUEST, 200, "How do I reverse a string in Python?");
              put(ledger, ids, "blue", Cause.REQUEST, 500, "Why?");
              put(ledger, ids, "blue", Cause.VERIFY, 200, "Why?");
            });

    JsonNode report = json("report", "--cache", "--format", "json", "--config", file);

    assertThat(report.path("requests").asInt()).isEqualTo(6);
    assertThat(report.path("with_content").asInt()).isEqualTo(6);
    for (String ttl : new String[] {"1h", "2h", "6h", "1d"}) {
      assertThat(line(report, "red", "exact " + ttl).path("hits").asInt()).isEqualTo(1);
    }
    JsonNode exact = line(report, "red", "exact 2h");
    assertThat(exact.path("route").asText()).isEqualTo("mini");
    assertThat(exact.path("requests").asInt()).isEqualTo(5);
    assertThat(exact.path("saved_usd").asText()).isEqualTo("0.001");
    JsonNode near = line(report, "red", "semantic 3%");
    assertThat(near.path("requests").asInt()).isEqualTo(4);
    assertThat(near.path("hits").asInt()).isEqualTo(2);
    assertThat(near.path("hit_rate").asDouble()).isEqualTo(0.5);
    assertThat(near.path("hit_rate_low").asDouble()).isLessThan(0.3);
    assertThat(near.path("hit_rate_high").asDouble()).isGreaterThan(0.7);
    assertThat(line(report, "red", "semantic 5%").path("hits").asInt()).isGreaterThanOrEqualTo(2);
    assertThat(line(report, "blue", "semantic 3%").path("hits").asInt()).isZero();
  }

  @Test
  void noContent_isAnUpperBoundOfTheExactLayer_andSaysSo() throws IOException {
    String file =
        recorded(
            "",
            (ledger, ids) -> {
              for (int i = 0; i < 3; i++) {
                put(ledger, ids, "red", Cause.REQUEST, 200, null);
              }
            });

    assertThat(command.run("report", "--cache", "--by", "team", "--config", file)).isZero();
    assertThat(command.said())
        .contains(
            "team  setting   requests  hits  hit_rate  hit_rate_low  hit_rate_high  saved_usd")
        .containsPattern("red +exact 1h +3 +2 +0\\.6667 +0\\.\\d+ +0\\.\\d+ +0\\.002\\n")
        .contains("3 of them were recorded without content")
        .doesNotContain("semantic 3%");
    assertThat(command.run("report", "--cache", "--format", "csv", "--by", "", "--config", file))
        .isZero();
    assertThat(command.said().lines())
        .hasSize(4)
        .first()
        .isEqualTo("setting,requests,hits,hit_rate,hit_rate_low,hit_rate_high,saved_usd");
  }

  @Test
  void wrongWords_areRefused() throws IOException {
    String file = config("").toString();
    assertThat(command.run("report", "--cache", "--format", "focus", "--config", file))
        .isEqualTo(1);
    assertThat(command.complained()).contains("table, csv or json");
    recorded("", (ledger, ids) -> {});
    assertThat(command.run("report", "--cache", "--by", "day", "--config", file)).isEqualTo(1);
    assertThat(command.complained()).contains("by: day").contains("app, endpoint, key, model");
  }

  @Test
  void adminPort_saysTheSame() throws IOException {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      String body =
          "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
      for (int i = 0; i < 2; i++) {
        assertThat(gateway.post("/v1/chat/completions", body).statusCode()).isEqualTo(200);
      }
      JsonNode forecast =
          new ObjectMapper().readTree(gateway.admin("/admin/v1/cache/forecast?by=team"));
      assertThat(forecast.path("requests").asInt()).isEqualTo(2);
      assertThat(forecast.at("/settings/0/ttl").asText()).isEqualTo("1h");
      assertThat(forecast.at("/settings/0/hits").asInt()).isEqualTo(1);
      assertThat(line(forecast, "engineering", "exact 1d").path("hits").asInt()).isEqualTo(1);
      assertThat(gateway.admin("/admin/v1/cache/forecast?by=day")).contains("by: day");
    }
  }
}
