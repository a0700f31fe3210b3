package io.penstock.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What waits for the end of its exchange. */
class OtlpExporterTest {
  private static LedgerRow row(UUID request, int number) {
    return new LedgerRow(
        new LedgerRow.Attempt(request, number, Cause.REQUEST),
        new LedgerRow.Times(1, 2, 1_000_000, 0, -1),
        new LedgerRow.Caller("t", "", "", "", "", "", Map.of()),
        new LedgerRow.Destination("chat", "m", "m", "", number == 0 ? "" : "fake", "m"),
        new LedgerRow.Outcome(503, Ending.REJECTED, "", "", CacheOutcome.OFF, Waste.NONE),
        Usage.NONE,
        UsageSource.NONE,
        LedgerRow.Money.ZERO,
        List.of());
  }

  @Test
  void floodOfRefusals_costsNoSlowExchangeItsAttempts() throws Exception {
    try (FakeProvider collector = FakeProvider.start();
        OtlpExporter exporter =
            new OtlpExporter(
                collector.url(),
                new Receivers(Map.of()),
                (provider, model) -> model,
                Ticker.system())) {
      collector.on("/v1/traces").reply(Script.json("{}"));
      collector.on("/v1/metrics").reply(Script.json("{}"));
      UUID slow = new UUID(1, 0);
      exporter.take(List.of(row(slow, 1)), false);
      List<Object> refused = new ArrayList<>();
      for (int i = 0; i < 20_001; i++) {
        refused.add(row(new UUID(2, (long) i << 8), 0));
      }
      exporter.take(refused, false);
      exporter.take(
          List.of(new ExchangeEnd(slow, null, 1, 1_000_000, "chat", "m", "m", 200)), true);
      assertThat(collector.requests().getLast().barePath()).isEqualTo("/v1/metrics");
      assertThat(collector.requests())
          .filteredOn(received -> received.barePath().equals("/v1/traces"))
          .singleElement()
          .satisfies(received ->
              assertThat(received.text()).contains("\"kind\":2").contains("\"kind\":3"));
    }
  }
}
