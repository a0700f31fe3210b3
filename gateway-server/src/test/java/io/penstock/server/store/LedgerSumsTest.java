package io.penstock.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.budget.LedgerPart;
import io.penstock.core.Ticker;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.SqlLedger;
import io.penstock.server.RunningGateway;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Script;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerSumsTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final long HOUR = 3_600_000;

  @TempDir Path directory;

  @Test
  void all_hasWindowsThatEndedOfLate_forAClockThatIsSetRightBehindTheStart() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      provider
          .on("/v1/chat/completions")
          .reply(
              Script.json(
                  "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
                      + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                      + "\"hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,"
                      + "\"completion_tokens\":1000,\"total_tokens\":1010}}"));
      String yaml =
          RunningGateway.yaml(
              directory, provider, "budgets: [{ name: soon, limit: 1 USD, every: hour }]");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }
    }
    String url = "sqlite:" + directory.resolve("ledger.db");
    LedgerOptions options = LedgerOptions.of(url, Ledgers.journalDirectory(url));
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      List<LedgerPart> now = LedgerSums.all(ledger, System.currentTimeMillis());
      assertThat(now).hasSize(1);
      long end = now.getFirst().counter().windowEnd();

      assertThat(LedgerSums.all(ledger, end + HOUR)).hasSize(1);
      assertThat(LedgerSums.all(ledger, end + HOUR).getFirst().sum()).isPositive();
      assertThat(LedgerSums.all(ledger, end + 25 * HOUR)).isEmpty();
    }
  }
}
