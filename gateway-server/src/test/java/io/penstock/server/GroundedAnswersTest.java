package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Google's searches are booked as they are billed: by the prompt up to Gemini 2, each from 3. */
@ExtendWith(LeakCheck.class)
class GroundedAnswersTest {
  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(GroundedAnswersTest::yaml, provider);

  private static String yaml(Path directory) {
    String more =
        """

          g: { dialect: gemini, base_url: "%s", keys: [k], catalogue: gemini, retries: { attempts: 0 } }
        models:
          flash-2: g/gemini-2.5-flash
          flash-3: g/gemini-3-flash-preview
          flash: g/gemini-flash-latest
          unrated: g/gemini-4-argon
          set-two: { targets: [{ model: g/gemini-2.5-flash, set: { tools: [{ googleSearch: {} }] } }] }
          set-three: { targets: [{ model: g/gemini-3-flash-preview, set: { tools: [{ googleSearch: {} }] } }] }
          two-for-three: { targets: [g/gemini-2.5-flash], baseline: g/gemini-3-flash-preview }
          three-for-two: { targets: [g/gemini-3-flash-preview], baseline: g/gemini-2.5-flash }
        """
            .formatted(provider.url());
    return RunningGateway.yaml(directory, provider, "").replace("\nmodels:\n", more);
  }

  private static String chunk(String model, boolean usage) {
    return "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"It is"
        + " tall.\"}]},"
        + "\"finishReason\":\"STOP\",\"index\":0,\"groundingMetadata\":{\"webSearchQueries\":"
        + "[\"tower\",\"\",\"height\",\"tower\",\"tall\"]}}],"
        + (usage
            ? "\"usageMetadata\":{\"promptTokenCount\":1000,\"candidatesTokenCount\":1000},"
            : "")
        + "\"modelVersion\":\""
        + model
        + "\"}";
  }

  private static void answers(String model, boolean usage) {
    String answer = chunk(model, usage);
    provider
        .on("/v1beta/models/*")
        .reply(asked -> asked.path().contains("stream") ? Script.sse(answer) : Script.json(answer));
  }

  private static HttpResponse<String> generate(String model, String method, String tools) {
    return gateway.post(
        "/v1beta/models/" + model + ":" + method,
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"How tall?\"}]}],"
            + "\"generationConfig\":{\"maxOutputTokens\":2000},\"tools\":"
            + tools
            + "}");
  }

  private static HttpResponse<String> ask(String model) {
    return generate(model, "generateContent", "[{\"googleSearch\":{}}]");
  }

  private static JsonNode row(HttpResponse<String> of) {
    assertThat(of.statusCode()).as(of.body()).isEqualTo(200);
    Await.until("it is counted", () -> !gateway.rows(of).isEmpty());
    return gateway.rows(of).path(0);
  }

  private static void assertBooked(JsonNode row, long searches, String usd) {
    assertThat(row.path("usage").path("web_search").asLong())
        .as(row.toString())
        .isEqualTo(searches);
    assertUsd(row, "cost_usd", usd);
  }

  private static void assertUsd(JsonNode row, String field, String usd) {
    assertThat(new BigDecimal(row.path(field).asText()))
        .as("%s of %s", field, row)
        .isEqualByComparingTo(usd);
  }

  @ParameterizedTest
  @CsvSource({
    "flash-2, gemini-2.5-flash, generateContent, 1, 0.0378",
    "flash-2, gemini-2.5-flash, streamGenerateContent?alt=sse, 1, 0.0378",
    "flash-2, gemini-2.5-flash, streamGenerateContent, 1, 0.0378",
    "flash-3, gemini-3-flash-preview, generateContent, 3, 0.0455",
    "flash-3, gemini-3-flash-preview, streamGenerateContent?alt=sse, 3, 0.0455",
  })
  void sameDialect(String model, String answers, String method, long searches, String usd) {
    answers(answers, true);

    HttpResponse<String> response = generate(model, method, "[{\"google_search\":{}}]");

    assertBooked(row(response), searches, usd);
    if (method.startsWith("stream")) {
      assertThat(response.body()).contains("\"cost_usd\":" + usd);
    } else {
      assertThat(response.headers().firstValue("x-penstock-cost-usd")).hasValue(usd);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "set-two, gemini-2.5-flash, false, 1, 0.0378",
    "set-two, gemini-2.5-flash, true, 1, 0.0378",
    "set-three, gemini-3-flash-preview, false, 3, 0.0455",
    "set-three, gemini-3-flash-preview, true, 3, 0.0455",
  })
  void translated(String model, String answers, boolean stream, long searches, String usd) {
    answers(answers, true);

    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"%s\",\"stream\":%s,\"max_tokens\":2000,\"messages\":[{\"role\":\"user\",\"content\":\"How tall?\"}]}"
                .formatted(model, stream));

    assertBooked(row(response), searches, usd);
  }

  @Test
  void withoutUsage_theSearchesAreBookedWithTheEstimate() {
    answers("gemini-3-flash-preview", false);

    JsonNode row = row(ask("flash-3"));

    assertThat(row.path("usage_source").asText()).isEqualTo("estimated");
    assertThat(row.path("usage").path("web_search").asLong()).as(row.toString()).isEqualTo(3);
    assertThat(row.path("usage").path("output").asLong()).as(row.toString()).isPositive();
    assertThat(row.path("cost_usd").asDouble()).isGreaterThan(0.042);
  }

  @Test
  void modelThatAnswered_saysHowItIsBilled() {
    answers("gemini-2.5-flash", true);
    assertBooked(row(ask("flash")), 1, "0.0378");
    answers("gemini-3-flash-preview", true);
    assertBooked(row(ask("flash")), 3, "0.0455");
  }

  /** For the same searches: one prompt there, three here. */
  @Test
  void baselineOfAnotherGeneration_isComparedInItsOwnUnits() {
    answers("gemini-2.5-flash", true);
    JsonNode two = row(ask("two-for-three"));
    assertBooked(two, 1, "0.0378");
    assertUsd(two, "baseline_usd", "0.0455");
    assertUsd(two, "saved_usd", "0.0077");

    answers("gemini-3-flash-preview", true);
    JsonNode three = row(ask("three-for-two"));
    assertBooked(three, 3, "0.0455");
    assertUsd(three, "baseline_usd", "0.0378");
    assertUsd(three, "premium_usd", "0.0077");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{\"googleSearch\":{}}]",
        "{\"google_search\":{}}",
        "[{\"functionDeclarations\":[]},{\"googleSearchRetrieval\":{}}]",
        "[{\"enterpriseWebSearch\":{}}]"
      })
  void searchWithoutARate_isRefusedBeforeAnythingIsSent(String tools) {
    HttpResponse<String> response = generate("unrated", "generateContent", tools);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(422);
    assertThat(response.body()).contains("web_search").contains("g/gemini-4-argon");
    assertThat(provider.requests()).isEmpty();
  }
}
