package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The prices that lists of models tell are those that are paid. */
@ExtendWith(LeakCheck.class)
class ListedPricesTest {
  private static final String PRICES =
      """
      models:
        - { provider: openai, id: mine, cards: [{ when: {}, rates: { input: "3", output: "12", request: "1000", web_search: "25" } }] }
        - { provider: openai, id: plain, cards: [{ when: {}, rates: { input: "3", output: "12" } }] }
      """;

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(ListedPricesTest::yaml, provider);

  private static String yaml(Path directory) {
    try {
      Files.writeString(directory.resolve("prices.yaml"), PRICES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return RunningGateway.yaml(
            directory,
            provider,
            "prices: { files: [prices.yaml], discounts: { \"fake/mine\": 45.5% } }\n")
        .replace(
            "models:\n", "models:\n  mine: fake/mine\n  plain: fake/plain\n  no: fake/nobody\n");
  }

  private static JsonNode listed(String model) throws IOException {
    String json = gateway.get("/v1/models/" + model).body();
    return new ObjectMapper().readTree(json).path("penstock_targets").path(0);
  }

  @Test
  void discount_isTakenOff_andTheListPriceStandsBeside() throws Exception {
    JsonNode mine = listed("mine");

    assertThat(mine.path("input_usd_per_million").asText()).isEqualTo("1.635");
    assertThat(mine.path("output_usd_per_million").asText()).isEqualTo("6.54");
    assertThat(mine.path("list_output_usd_per_million").asText()).isEqualTo("12");
    assertThat(mine.path("request_usd").asText()).isEqualTo("0.545");
    assertThat(mine.path("web_search_usd").asText()).isEqualTo("0.013625");
    assertThat(gateway.admin("/admin/v1/models")).contains("1.635", "\"request_usd\"");
  }

  @Test
  void noDiscount_hasNoListPrice_andNoPriceIsNull() throws Exception {
    JsonNode plain = listed("plain");

    assertThat(plain.path("output_usd_per_million").asText()).isEqualTo("12");
    assertThat(plain.has("list_output_usd_per_million")).isFalse();
    assertThat(plain.has("request_usd")).isFalse();
    assertThat(listed("no").path("input_usd_per_million").isNull()).isTrue();
  }
}
