package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What the answer says it used is billed, and what of it has no price is said. */
@ExtendWith(LeakCheck.class)
class BilledAsAnsweredTest {
  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(BilledAsAnsweredTest::yaml, provider);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(directory, provider, "")
        .replace(
            "models:\n",
            "  g: { dialect: gemini, base_url: \""
                + provider.url()
                + "\", keys: [k], catalogue: gemini }\n"
                + "  c: { dialect: openai, base_url: \""
                + provider.baseUrl()
                + "\", keys: [k], catalogue: cohere }\n"
                + "  a: { dialect: anthropic, base_url: \""
                + provider.url()
                + "\", keys: [k], catalogue: anthropic, betas: [\"*\"] }\n"
                + "models:\n"
                + "  sonnet: a/claude-sonnet-4-5\n"
                + "  flash: g/gemini-2.5-flash\n"
                + "  rerank: c/rerank-v3.5\n"
                + "  gpt-4o: fake/gpt-4o\n"
                + "  o3-deep-research: fake/o3-deep-research\n"
                + "  image: fake/gpt-image-1\n"
                + "  searching: { targets: [{ model: fake/o3-deep-research, set: { tools: [{ type:"
                + " web_search }] } }] }\n");
  }

  private static JsonNode row(HttpResponse<String> of) {
    assertThat(of.statusCode()).as(of.body()).isEqualTo(200);
    return gateway.rows(of).path(0);
  }

  @Test
  void anotherModelOfTheCatalogueAnswers_itsPriceIsBilled() {
    provider.reset();
    provider
        .on("/v1/chat/completions")
        .reply(
            Script.json(
                "{\"model\":\"gpt-4o-2024-05-13\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
                    + "\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":"
                    + "{\"prompt_tokens\":1000,\"completion_tokens\":1000}}"));

    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"gpt-4o\",\"max_tokens\":1000,\"messages\":[{\"role\":\"user\","
                + "\"content\":\"hi\"}]}");
    JsonNode row = row(response);

    assertThat(row.path("cost_usd").asText()).as(row.toString()).isEqualTo("0.02");
    assertThat(row.path("model").asText()).isEqualTo("gpt-4o");
    // The gateway has not caused the difference to gpt-4o's 0.0125.
    assertThat(response.headers().firstValue("x-penstock-saved-usd").map(BigDecimal::new))
        .hasValueSatisfying(saved -> assertThat(saved).isZero());
  }

  /** The answer's own 1,000 and 100 tokens are 0.0045; the advisor's 400 and 50 come on top. */
  @ParameterizedTest
  @CsvSource({
    "claude-opus-4-6,   false, 0.00775",
    "claude-opus-4-6,   true,  0.00775",
    "claude-haiku-4-5,  false, 0.00515",
    "claude-sonnet-4-5, false, 0.00645",
    "nobody-knows-it,   false, 0.00645"
  })
  void passOfAnotherModel_isBilledByItsOwnPrice(String advisor, boolean stream, String cost) {
    String usage =
        "\"usage\":{\"input_tokens\":1000,\"output_tokens\":100,\"iterations\":["
            + "{\"type\":\"message\",\"input_tokens\":600,\"output_tokens\":50},"
            + "{\"type\":\"advisor_message\",\"model\":\""
            + advisor
            + "\",\"input_tokens\":400,\"output_tokens\":50}]}";
    String head =
        "{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\","
            + "\"model\":\"claude-sonnet-4-5\",\"content\":[";
    String text = "{\"type\":\"text\",\"text\":\"Hi\"}";
    provider
        .on("/v1/messages")
        .reply(
            stream
                ? Script.sse(
                    "{\"type\":\"message_start\",\"message\":" + head + "]}}",
                    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":" + text + "}",
                    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
                        + usage
                        + "}",
                    "{\"type\":\"message_stop\"}")
                : Script.json(head + text + "],\"stop_reason\":\"end_turn\"," + usage + "}"));

    for (String path : new String[] {"/v1/messages", "/v1/chat/completions"}) {
      HttpResponse<String> response =
          gateway.post(
              path,
              "{\"model\":\"sonnet\",\"max_tokens\":1000,\"stream\":"
                  + stream
                  + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
      JsonNode row = row(response);

      assertThat(row.path("cost_usd").asText()).as(row.toString()).isEqualTo(cost);
      assertThat(row.path("usage").path("input").asLong()).isEqualTo(1400);
      assertThat(row.path("saved_usd").asText() + row.path("premium_usd").asText())
          .as(row.toString())
          .isEqualTo("0.000.00");
      assertThat(response.headers().firstValue("x-penstock-cost-usd").orElse("") + response.body())
          .contains(cost);
    }
  }

  private static final String RESEARCH =
      "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"output\":[{\"type\":"
          + "\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hi\"}]}],"
          + "\"tool_usage\":{\"web_search\":{\"num_requests\":100}},\"usage\":{\"input_tokens\":10,"
          + "\"output_tokens\":10,\"total_tokens\":20}}";

  private static String research(String model, String more) {
    return "{\"model\":\"" + model + "\",\"max_output_tokens\":100,\"input\":\"hi\"" + more + "}";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "o3-deep-research; ,\"tools\":[{\"type\":\"web_search_preview\"}]",
        "searching;''",
      })
  void toolWithoutARate_isRefusedBeforeAnythingIsSent(String model, String more) {
    provider.reset();
    provider.on("/v1/responses").reply(Script.json(RESEARCH));

    HttpResponse<String> response = gateway.post("/v1/responses", research(model, more));

    assertThat(response.statusCode()).as(response.body()).isEqualTo(422);
    assertThat(response.body())
        .contains("model_not_priced")
        .contains("web_search")
        .contains("fake/o3-deep-research")
        .contains("prices.files");
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void toolWithARate_isServed_andBilled() {
    provider.reset();
    provider.on("/v1/responses").reply(Script.json(RESEARCH));
    JsonNode row =
        row(
            gateway.post(
                "/v1/responses", research("gpt-4o", ",\"tools\":[{\"type\":\"web_search\"}]")));
    assertThat(row.path("cost_usd").asText()).startsWith("1.000");
  }

  @Test
  void meterWithoutARate_isSaid() {
    provider.reset();
    provider.on("/v1/responses").reply(Script.json(RESEARCH));

    JsonNode row = row(gateway.post("/v1/responses", research("o3-deep-research", "")));

    assertThat(row.path("usage").path("web_search").asLong()).isEqualTo(100);
    assertThat(gateway.admin("/metrics"))
        .contains(
            "penstock_unpriced_total{meter=\"web_search\",model=\"o3-deep-research\",provider=\"fake\"}"
                + " 100");
  }

  @Test
  void failedResponse_thatReportsUsage_isBilled() {
    provider.reset();
    String failed = RESEARCH.replace("completed", "failed");
    provider
        .on("/v1/responses")
        .reply(
            Script.json(
                failed.replace(
                    "\"output\":", "\"error\":{\"code\":\"server_error\"},\"output\":")));

    HttpResponse<String> response = gateway.post("/v1/responses", research("gpt-4o", ""));
    JsonNode row = gateway.rows(response).path(0);

    assertThat(response.statusCode()).isEqualTo(502);
    assertThat(row.path("cost_usd").asText()).as(row.toString()).startsWith("1.000");
    assertThat(row.path("usage_source").asText()).isEqualTo("reported");
  }

  /** gemini-2.5-flash costs 2.50 a million; priority the more that the catalogue has for it. */
  @ParameterizedTest
  @CsvSource({"priority, 4.50", "standard, 2.50"})
  void tierInGeminisHeader_isBilled(String tier, String cost) {
    provider.reset();
    String answer =
        "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi\"}]},"
            + "\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":1000000}}";
    provider.on("/v1beta/*").reply(Script.json(answer).header("x-gemini-service-tier", tier));

    JsonNode row =
        row(
            gateway.post(
                "/v1beta/models/flash:generateContent",
                "{\"serviceTier\":\"PRIORITY\",\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}"));

    assertThat(row.path("cost_usd").asText()).as(row.toString()).startsWith(cost);
  }

  @Test
  void queriesThatAreToldInTokens_areBilledAsQueries() {
    provider.reset();
    provider
        .on("/v1/rerank")
        .reply(Script.json("{\"results\":[],\"usage\":{\"total_tokens\":26}}"));

    HttpResponse<String> response =
        gateway.post(
            "/v1/rerank", "{\"model\":\"rerank\",\"query\":\"Where?\",\"documents\":[\"a\"]}");
    // Its tokens are counted off the loop.
    Await.until("it is counted", () -> !gateway.rows(response).isEmpty());
    JsonNode row = row(response);

    assertThat(row.path("cost_usd").asText()).as(row.toString()).isEqualTo("0.002");
  }

  @Test
  void imagesByTheToken_withoutUsage_areBookedAsHeld() {
    provider.reset();
    provider
        .on("/v1/images/generations")
        .reply(Script.json("{\"created\":1,\"data\":[{\"b64_json\":\"\"},{\"b64_json\":\"\"}]}"));

    HttpResponse<String> response =
        gateway.post("/v1/images/generations", "{\"model\":\"image\",\"prompt\":\"x\",\"n\":2}");
    Await.until("it is counted", () -> !gateway.rows(response).isEmpty());
    JsonNode row = row(response);

    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
    assertThat(row.path("usage").path("output_image").asLong()).isEqualTo(2 * 6_540);
    // 40 USD for a million; and a few tokens of input.
    assertThat(row.path("cost_usd").asDouble()).isBetween(0.5232, 0.5242);
  }

  @Test
  void check_aSearchWithoutARate_isAWarningThatNamesIt() {
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(said));
    line.setErr(new PrintWriter(said));
    line.execute("check", "--config", gateway.file().toString());
    assertThat(said.toString())
        .containsOnlyOnce(
            "warning: fake/o3-deep-research: it searches the web, but web_search has no")
        .doesNotContain("warning: fake/gpt-4o:");
  }
}
