package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.ledger.focus.FocusCheck;
import io.penstock.ledger.focus.FocusOptions;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What some models cost for each request is booked with what the request used, and only there. */
@ExtendWith(LeakCheck.class)
class RequestFeeTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
          + "\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":1000,\"total_tokens\":2000}}";
  private static final String UNCOUNTED = ANSWER.substring(0, ANSWER.indexOf(",\"usage\"")) + "}";

  /** 12 USD for 1,000 requests, and 1 for a million tokens. */
  private static final String COST = "0.014";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(RequestFeeTest::yaml, provider);

  @TempDir Path directory;

  private static String yaml(Path directory) {
    return RunningGateway.yaml(directory, provider, "cache: { exact: { ttl: 1h, scope: team } }\n")
        .replace(
            "providers:\n",
            "providers:\n  p: { dialect: openai, base_url: \""
                + provider.baseUrl()
                + "\", keys: [k], catalogue: perplexity, retries: { attempts: 0 } }\n")
        .replace(
            "models:\n",
            """
            models:
              sonar: p/sonar
              research: p/sonar-deep-research
              cheapest: { strategy: cost, targets: [p/sonar, fake/gpt-4o] }
              dearer: { targets: [p/sonar], baseline: fake/gpt-4o }
              cheaper: { targets: [fake/gpt-4o-mini], baseline: p/sonar }
            """);
  }

  private static HttpResponse<String> ask(String model, String more) {
    return gateway.post(
        CHAT,
        "{\"model\":\"%s\",\"max_tokens\":2000,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]%s}"
            .formatted(model, more),
        "x-penstock-cache",
        "no-store");
  }

  private static JsonNode row(HttpResponse<String> of) {
    Await.until("it is counted", () -> !gateway.rows(of).isEmpty());
    return gateway.rows(of).path(0);
  }

  private static void assertBooked(JsonNode row, String source, long requests) {
    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo(source);
    assertThat(row.path("usage").path("request").asLong()).as(row.toString()).isEqualTo(requests);
  }

  private static void assertUsd(JsonNode row, String field, String usd) {
    assertThat(new BigDecimal(row.path(field).asText()))
        .as("%s of %s", field, row)
        .isEqualByComparingTo(usd);
  }

  @Test
  void answer_withUsage_costsTheFeeToo() {
    provider.on(CHAT).reply(Script.json(ANSWER));

    HttpResponse<String> response = ask("sonar", "");

    assertThat(response.headers().firstValue("x-penstock-cost-usd")).hasValue(COST);
    JsonNode row = row(response);
    assertBooked(row, "reported", 1);
    assertUsd(row, "cost_usd", COST);
  }

  @Test
  void stream_withUsage_saysTheFeeInItsLastEvent() {
    provider
        .on(CHAT)
        .reply(
            Script.sse(
                "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},"
                    + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,"
                    + "\"completion_tokens\":1000,\"total_tokens\":2000}}",
                "[DONE]"));

    HttpResponse<String> response = ask("sonar", ",\"stream\":true");

    assertThat(response.body()).contains("\"cost_usd\":" + COST);
    assertBooked(row(response), "reported", 1);
  }

  @Test
  void answer_withoutUsage_isEstimatedWithTheFee() {
    provider.on(CHAT).reply(Script.json(UNCOUNTED));

    JsonNode row = row(ask("sonar", ""));

    assertBooked(row, "estimated", 1);
    assertThat(row.path("cost_usd").asDouble()).isBetween(0.012, 0.0121);
  }

  @Test
  void refused_isFree() {
    provider.on(CHAT).reply(Script.error(400));

    JsonNode row = row(ask("sonar", ""));

    assertBooked(row, "none", 0);
    assertUsd(row, "cost_usd", "0");
  }

  @Test
  void modelWithoutAFee_hasNone() {
    provider.on(CHAT).reply(Script.json(ANSWER));

    assertBooked(row(ask("research", "")), "reported", 0);
    assertBooked(row(ask("gpt-4o-mini", "")), "reported", 0);
  }

  /**
   * Asking the baseline would have been one request too: at its fee, and at none where it has none.
   */
  @Test
  void baseline_withAndWithoutAFee_isWhatAskingItWouldHaveCost() {
    provider.on(CHAT).reply(Script.json(ANSWER));

    JsonNode dearer = row(ask("dearer", ""));
    assertUsd(dearer, "cost_usd", COST);
    assertUsd(dearer, "baseline_usd", "0.0125");
    assertUsd(dearer, "saved_usd", "0");
    assertUsd(dearer, "premium_usd", "0.0015");

    JsonNode cheaper = row(ask("cheaper", ""));
    assertUsd(cheaper, "cost_usd", "0.00075");
    assertUsd(cheaper, "baseline_usd", COST);
    assertUsd(cheaper, "saved_usd", "0.01325");
    assertUsd(cheaper, "premium_usd", "0");
  }

  /** Its tokens alone would cost less. */
  @Test
  void routeByCost_countsTheFee() {
    provider.on(CHAT).reply(Script.json(ANSWER));

    HttpResponse<String> response =
        gateway.post(
            CHAT,
            "{\"model\":\"cheapest\",\"max_tokens\":500,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");

    assertThat(row(response).path("model").asText()).isEqualTo("gpt-4o");
  }

  @Test
  void hit_savesTheFeeToo() {
    provider.on(CHAT).reply(Script.json(ANSWER));
    String body = "{\"model\":\"sonar\",\"messages\":[{\"role\":\"user\",\"content\":\"again\"}]}";
    gateway.post(CHAT, body);

    HttpResponse<String> hit = gateway.post(CHAT, body);

    assertThat(hit.headers().firstValue("x-penstock-cache")).hasValue("exact");
    assertThat(hit.headers().firstValue("x-penstock-saved-usd")).hasValue(COST);
  }

  @Test
  void focus_hasALineOfTheFee_andNothingToAdjust() {
    String config;
    try (FakeProvider own = FakeProvider.start();
        RunningGateway running =
            RunningGateway.start(
                directory, yaml(directory).replace(provider.baseUrl(), own.baseUrl()))) {
      own.on(CHAT).reply(Script.json(ANSWER));
      String body = "{\"model\":\"sonar\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
      for (int i = 0; i < 2; i++) {
        running.post(CHAT, body, "x-penstock-cache", "no-store");
      }
      config = running.file().toString();
    }
    String focus = report(config, "--format", "focus");
    assertThat(FocusCheck.problems(focus, FocusOptions.Version.V1_4, FocusOptions.View.PROVIDER))
        .isEmpty();
    assertThat(focus).contains(",p/sonar/request/standard,").doesNotContain("Adjustment");
    assertThat(focus.lines().filter(line -> line.contains("/request/")))
        .singleElement()
        .asString()
        .contains(",0.024,", ",Requests,");
    assertThat(report(config, "--by", "model", "--format", "csv")).contains("0.028");
  }

  private static String report(String config, String... more) {
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(said));
    line.setErr(new PrintWriter(said));
    String[] args = new String[more.length + 3];
    args[0] = "report";
    args[1] = "--config";
    args[2] = config;
    System.arraycopy(more, 0, args, 3, more.length);
    assertThat(line.execute(args)).as(said.toString()).isZero();
    return said.toString();
  }
}
