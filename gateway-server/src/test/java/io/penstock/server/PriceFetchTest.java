package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.PriceBook;
import io.penstock.ledger.focus.FocusCheck;
import io.penstock.ledger.focus.FocusOptions;
import io.penstock.ledger.report.Csv;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A newer catalogue is fetched and put in force; one that jumps is not. */
@ExtendWith(LeakCheck.class)
class PriceFetchTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANSWER =
      "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\",\"choices\":[{}],"
          + "\"usage\":{\"prompt_tokens\":1000000,\"completion_tokens\":0,\"total_tokens\":1000000}}";

  private static final String SHAPE =
      "{\"timestamp\":0,\"model\":\"gpt-4o-mini\",\"team\":\"engineering\","
          + "\"input_length\":100000,\"output_length\":0}\n";
  private static final ObjectMapper JSON = new ObjectMapper();

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

  private static double refusals(RunningGateway gateway) {
    String name = "penstock_config_reload_failures_total ";
    return gateway
        .admin("/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .sum();
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
        Await.until("the jump is refused", () -> refusals(gateway) > 0);
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

  private static String run(String... args) {
    StringWriter said = new StringWriter();
    PrintWriter out = new PrintWriter(said);
    CommandLine line = Main.commandLine().setOut(out).setErr(out);
    assertThat(line.execute(args)).as(said.toString()).isZero();
    return said.toString();
  }

  /** A fetched price is known to exports, to simulations and after a restart. */
  @Test
  void fetchedPrices_areKept() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        FakeProvider source = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      source.on("/prices").reply(Script.json(catalogue("0.20")));
      String yaml =
          RunningGateway.yaml(
              directory,
              provider,
              "prices: { refresh: { url: '" + source.url() + "/prices', every: 100ms } }");
      String ran;
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        Await.until("the new price is in force", () -> cost(gateway).equals("0.20"));
        source.reset();
        source.on("/prices").reply(Script.json(catalogue("0.24")));
        Await.until("the next price is in force", () -> cost(gateway).equals("0.24"));
        ran = gateway.file().toString();
      }
      source.reset();
      source.on("/prices").reply(Script.error(503));
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        assertThat(cost(gateway)).isEqualTo("0.24");
        source.reset();
        source.on("/prices").reply(Script.json(catalogue("0.28")));
        Await.until("the last price is in force", () -> cost(gateway).equals("0.28"));
      }

      String focus = run("report", "--config", ran, "--format", "focus");
      assertThat(FocusCheck.problems(focus, FocusOptions.Version.V1_4, FocusOptions.View.PROVIDER))
          .isEmpty();
      assertThat(focus).doesNotContain("Adjustment");
      List<List<String>> lines = Csv.parse(focus);
      int price = lines.getFirst().indexOf("ListUnitPrice");
      assertThat(lines.stream().skip(1).map(line -> line.get(price)))
          .contains("0.2", "0.24", "0.28");

      Path half = Files.writeString(directory.resolve("half.yaml"), discounted(yaml));
      Path none = Files.writeString(directory.resolve("none.yaml"), yaml);
      JsonNode what =
          JSON.readTree(
              run(
                  "simulate",
                  "--config",
                  none.toString(),
                  "--policy",
                  half.toString(),
                  "--log",
                  Files.writeString(directory.resolve("log.jsonl"), SHAPE).toString(),
                  "--start",
                  "2026-11-22",
                  "--format",
                  "json"));
      assertThat(what.at("/total/cost_usd/happened").asText()).isEqualTo("0.028");
      assertThat(what.at("/total/cost_usd/simulated").asText()).isEqualTo("0.014");
    }
  }

  private static String discounted(String yaml) {
    return yaml.replace("prices: {", "prices: { discounts: { 'fake/*': 50% },");
  }
}
