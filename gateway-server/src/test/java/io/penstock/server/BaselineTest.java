package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/**
 * What routing saved: for the same tokens, gains and losses apart, nothing claimed without cause.
 */
@ExtendWith(LeakCheck.class)
class BaselineTest {
  private static final String MODELS =
      """
      models:
        frugal: { targets: [fake/gpt-4o-mini], baseline: fake/gpt-4o }
        lavish: { targets: [fake/gpt-4o], baseline: gpt-4o-mini }
        gpt-4o: { targets: [fake/gpt-4o-mini] }
        unnamed: { targets: [fake/gpt-4o-mini] }
        likely: { targets: [fake/gpt-4o-mini] }
        shared: { targets: [fake/gpt-4o-mini] }
        agreed: { targets: [fake/gpt-4o-mini] }
        twice: { targets: [broken/gpt-4o-mini, fake/gpt-4o-mini], baseline: fake/gpt-4o }
      """;

  /** A name by a pattern, one that two have at different prices, and one at the same price. */
  private static final String PRICES =
      """
      models:
        - { provider: openai, id: dear, aliases: ["like*"], cards: [{ when: {}, rates: { input: "9", output: "9" } }] }
        - { provider: openai, id: shared, cards: [{ when: {}, rates: { input: "9", output: "9" } }] }
        - { provider: onprem, id: shared, cards: [{ when: {}, rates: { input: "8", output: "9" } }] }
        - { provider: openai, id: agreed, cards: [{ when: {}, rates: { input: "9", output: "9" } }] }
        - { provider: onprem, id: agreed, cards: [{ when: {}, rates: { input: "9.0", output: "9" } }] }
      """;

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(BaselineTest::yaml, provider);

  private static String yaml(Path directory) {
    String broken =
        "providers:\n  broken: { dialect: openai, base_url: \"http://127.0.0.1:1/v1\", keys: [k],"
            + " retries: { attempts: 0 }, catalogue: openai }\n"
            + "  onprem: { dialect: openai, base_url: \"http://127.0.0.1:1/v1\", keys: [k] }\n";
    try {
      Files.writeString(directory.resolve("prices.yaml"), PRICES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return RunningGateway.yaml(directory, provider, "prices: { files: [prices.yaml] }\n")
        .replace("models:\n", MODELS)
        .replace("providers:\n", broken);
  }

  private static HttpResponse<String> ask(String model) {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static BigDecimal header(HttpResponse<String> response, String name) {
    return new BigDecimal(response.headers().firstValue(name).orElseThrow());
  }

  /** What the answer's tokens cost at these prices, USD per million. */
  private static BigDecimal usd(HttpResponse<String> response, String input, String output)
      throws IOException {
    JsonNode usage = new ObjectMapper().readTree(response.body()).path("usage");
    return new BigDecimal(input)
        .multiply(BigDecimal.valueOf(usage.path("prompt_tokens").asLong()))
        .add(
            new BigDecimal(output)
                .multiply(BigDecimal.valueOf(usage.path("completion_tokens").asLong())))
        .movePointLeft(6);
  }

  private static JsonNode lastRow(HttpResponse<String> response) throws IOException {
    String id = response.headers().firstValue("x-penstock-request-id").orElseThrow();
    JsonNode rows =
        new ObjectMapper().readTree(gateway.admin("/admin/v1/requests/" + id)).path("attempts");
    return rows.path(rows.size() - 1);
  }

  private static void assertClaim(
      HttpResponse<String> response, String baseline, String saved, String premium)
      throws IOException {
    JsonNode row = lastRow(response);
    assertThat(new BigDecimal(row.path("baseline_usd").asText())).isEqualByComparingTo(baseline);
    assertThat(new BigDecimal(row.path("saved_usd").asText())).isEqualByComparingTo(saved);
    assertThat(new BigDecimal(row.path("premium_usd").asText())).isEqualByComparingTo(premium);
  }

  @Test
  void cheaperThanTheBaseline_theDifferenceForTheSameTokensIsSaved() throws Exception {
    HttpResponse<String> response = ask("frugal");
    BigDecimal would = usd(response, "2.50", "10");
    BigDecimal cost = header(response, "x-penstock-cost-usd");
    assertThat(cost).isEqualByComparingTo(usd(response, "0.15", "0.60"));
    assertThat(header(response, "x-penstock-saved-usd")).isEqualByComparingTo(would.subtract(cost));
    assertClaim(response, would.toString(), would.subtract(cost).toString(), "0");
    assertThat(gateway.admin("/metrics"))
        .containsPattern(
            "penstock_saved_usd_total\\{by=\"routing\",team=\"engineering\"} 0?\\.?\\d");
  }

  @Test
  void dearerThanTheBaseline_isALossAndShownAsOne() throws Exception {
    HttpResponse<String> response = ask("lavish");
    BigDecimal cost = header(response, "x-penstock-cost-usd");
    BigDecimal would = usd(response, "0.15", "0.60");
    assertThat(header(response, "x-penstock-saved-usd")).isEqualByComparingTo(would.subtract(cost));
    assertClaim(response, would.toString(), "0", cost.subtract(would).toString());
    assertThat(gateway.admin("/metrics"))
        .contains("penstock_premium_usd_total{by=\"routing\",team=\"engineering\"}");
  }

  @Test
  void nameThatHasAPriceItself_isTheBaseline() throws Exception {
    HttpResponse<String> response = ask("gpt-4o");
    BigDecimal cost = header(response, "x-penstock-cost-usd");
    assertThat(header(response, "x-penstock-saved-usd"))
        .isEqualByComparingTo(usd(response, "2.50", "10").subtract(cost));
  }

  @Test
  void aliasOfItsOwnTarget_savesNothing_andANameWithoutPriceClaimsNothing() throws Exception {
    HttpResponse<String> alias = ask("gpt-4o-mini");
    assertClaim(alias, header(alias, "x-penstock-cost-usd").toString(), "0", "0");
    HttpResponse<String> unnamed = ask("unnamed");
    assertThat(header(unnamed, "x-penstock-saved-usd")).isZero();
    assertClaim(unnamed, "0", "0", "0");
  }

  @Test
  void nameThatFitsAPattern_orThatTwoHaveAtDifferentPrices_claimsNothing() throws Exception {
    assertClaim(ask("likely"), "0", "0", "0");
    assertClaim(ask("shared"), "0", "0", "0");
    HttpResponse<String> agreed = ask("agreed");
    assertThat(header(agreed, "x-penstock-saved-usd"))
        .isEqualByComparingTo(
            usd(agreed, "9", "9").subtract(header(agreed, "x-penstock-cost-usd")));
  }

  @Test
  void afterAFallback_onlyTheAnswerClaims() throws Exception {
    HttpResponse<String> response = ask("twice");
    BigDecimal cost = header(response, "x-penstock-cost-usd");
    assertThat(header(response, "x-penstock-saved-usd"))
        .isEqualByComparingTo(usd(response, "2.50", "10").subtract(cost));
  }

  /** 1,000 tokens and 200 back; gpt-4o of May costs 5 and 15 a million, of August 2.50 and 10. */
  @ParameterizedTest
  @CsvSource({
    "frugal,      gpt-4o-2024-08-06, 0.0045,  0.0045,  0, 0",
    "frugal,      gpt-4o-2024-05-13, 0.008,   0.0045,  0, 0.0035",
    "frugal,      gpt-4.1-mini,      0.00072, 0.0045,  0.00378, 0",
    "lavish,      gpt-4o-mini,       0.00027, 0.00027, 0, 0",
    "lavish,      gpt-4o-2024-05-13, 0.008,   0.00027, 0, 0.00773",
    "gpt-4o-mini, gpt-4o-2024-08-06, 0.0045,  0.0045,  0, 0"
  })
  void anotherModelAnswers_nothingIsSavedThatWasPaid(
      String asked, String answered, String cost, String baseline, String saved, String premium)
      throws Exception {
    provider
        .on("/v1/chat/completions")
        .reply(
            Script.json(
                "{\"model\":\""
                    + answered
                    + "\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                    + "\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,"
                    + "\"completion_tokens\":200}}"));
    try {
      HttpResponse<String> response = ask(asked);

      assertThat(header(response, "x-penstock-cost-usd")).isEqualByComparingTo(cost);
      assertThat(header(response, "x-penstock-saved-usd"))
          .isEqualByComparingTo(new BigDecimal(saved).subtract(new BigDecimal(premium)));
      assertClaim(response, baseline, saved, premium);
    } finally {
      provider.reset();
    }
  }

  @Test
  void stream_saysTheSavingInItsLastEvent() {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"frugal\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assertThat(response.body()).containsPattern("\"saved_usd\":0\\.000\\d*[1-9]");
  }

  @Test
  void check_baselineWithoutPrice_isAWarning_andAnUnknownOneIsRefused() throws Exception {
    String yaml = Files.readString(gateway.file());
    assertThat(check(yaml.replace("baseline: fake/gpt-4o }", "baseline: fake/gpt-nope }")))
        .contains(": fake/gpt-nope: no price is known")
        .contains(": ok");
    assertThat(check(yaml.replace("baseline: gpt-4o-mini", "baseline: gpt-4o-mimi")))
        .contains("models.lavish.baseline: gpt-4o-mimi")
        .contains("did you mean gpt-4o-mini");
  }

  private static String check(String yaml) throws IOException {
    String file = Files.writeString(gateway.directory().resolve("check.yaml"), yaml).toString();
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(said));
    line.setErr(new PrintWriter(said));
    line.execute("check", "--config", file);
    return said.toString();
  }
}
