package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.SqlLedger;
import io.penstock.server.command.ExitCode;
import io.penstock.server.store.LedgersTest;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Script;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands on the ledger say of calls that it does not have yet. */
class UnfinishedJournalsTest {
  @TempDir Path directory;
  private Path journal;

  @BeforeEach
  void place() throws Exception {
    journal = directory.toRealPath().resolve("ledger.db.journal");
  }

  private SqlLedger open() {
    return SqlLedger.open(
        LedgerOptions.of("sqlite:" + directory.resolve("ledger.db"), journal), Ticker.system());
  }

  private String complaints(String command, FakeProvider admin) throws Exception {
    Path config =
        Files.writeString(
            directory.resolve("penstock.yaml"),
            RunningGateway.yaml(directory, admin, "")
                .replace(
                    "admin: { listen: 127.0.0.1:0 }",
                    "admin: { listen: \"" + admin.url().replace("http://", "") + "\" }"));
    StringWriter complained = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(complained))
            .execute(command, "--config", config.toString());
    assertThat(code).as(complained.toString()).isEqualTo(ExitCode.OK);
    return complained.toString();
  }

  /** The server answers of budgets that there is nothing; the ledger is asked then. */
  private static FakeProvider admin(int queue) {
    FakeProvider admin = FakeProvider.start();
    admin.on("/admin/v1/budgets").reply(Script.error(503));
    admin
        .on("/admin/v1/status")
        .reply(Script.json("{\"ledger\":{\"queue\":" + queue + ",\"database_error\":\"\"}}"));
    return admin;
  }

  @ParameterizedTest
  @ValueSource(strings = {"report", "budgets"})
  void journalOfADeadProcess_isTold_untilItIsImported(String command) throws Exception {
    LedgersTest.dieIn(open());
    try (FakeProvider admin = admin(0)) {
      assertThat(complaints(command, admin))
          .contains("note: a gateway that died has left its journal in " + journal)
          .contains("until a gateway starts");
      open().close();
      assertThat(complaints(command, admin)).doesNotContain("note:");
    }
  }

  @Test
  void journalOfALiveProcess_isTold_withHowManyRecordsWait() throws Exception {
    try (SqlLedger _ = open();
        FakeProvider behind = admin(3);
        FakeProvider done = admin(0)) {
      assertThat(complaints("report", behind)).contains("note: 3 records of the running gateway");
      assertThat(complaints("report", done)).doesNotContain("note:");
    }
  }
}
