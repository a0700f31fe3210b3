package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.PriceBook;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A newer catalogue is fetched and put in force; one that jumps is not. */
@ExtendWith(LeakCheck.class)
class PriceFetchTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANSWER =
      "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\",\"choices\":[{}],"
          + "\"usage\":{\"prompt_tokens\":1000000,\"completion_tokens\":0,\"total_tokens\":1000000}}";

  @TempDir Path directory;

  private static String catalogue(String input) {
    JsonNode catalogue = PriceBook.bundled();
    for (JsonNode model : catalogue.path("models")) {
      if (model.path("id").asText().equals("gpt-4o-mini")
          && model.path("provider").asText().equals("openai")) {
        ((ObjectNode) model.path("cards").path(0).path("rates")).put("input", input);
      }
    }
    return catalogue.toString();
  }

  private static String cost(RunningGateway gateway) {
    return gateway
        .post("/v1/chat/completions", CHAT)
        .headers()
        .firstValue("x-penstock-cost-usd")
        .orElse("");
  }

  @Test
  void newerCatalogue_isInForce_andOneThatJumpsIsRefused() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        FakeProvider source = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      source.on("/prices").reply(Script.json(catalogue("0.20")));
      String yaml =
          RunningGateway.yaml(
              directory,
              provider,
              "prices: { refresh: { url: '" + source.url() + "/prices', every: 100ms } }");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        Await.until("the new price is in force", () -> cost(gateway).equals("0.20"));
        source.reset();
        source.on("/prices").reply(Script.json(catalogue("20")));
        Await.until(
            "the jump is refused",
            () -> gateway.admin("/metrics").contains("penstock_config_reload_failures_total 1.0"));
        assertThat(cost(gateway)).isEqualTo("0.20");
        Files.writeString(gateway.file(), yaml + "nonsense: 1\n");
        Await.until(
            "the edit is refused", () -> gateway.admin("/admin/v1/config").contains("nonsense"));
        source.reset();
        source.on("/prices").reply(Script.json(catalogue("0.21")));
        Await.until("the next price is in force", () -> cost(gateway).equals("0.21"));
        assertThat(gateway.admin("/admin/v1/config")).as("it is still there").contains("nonsense");
      }
    }
  }
}
