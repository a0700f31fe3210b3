package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.ledger.focus.FocusCheck;
import io.penstock.ledger.focus.FocusOptions;
import io.penstock.server.command.ExitCode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.Writer;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What finance runs: statements, reconciliation, FOCUS, on a ledger that a gateway wrote. */
@ExtendWith(LeakCheck.class)
class FinanceCommandsTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  // 1,000,000 x 0.15 + 100,000 x 0.60 USD per million: 0.21 USD.
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000000,"
          + "\"completion_tokens\":100000,\"total_tokens\":1100000}}";

  @TempDir Path directory;
  private final CommandRun command = new CommandRun();

  private String file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  /** Runs two calls and returns the configuration; the gateway has ended. */
  private String twoCalls() throws Exception {
    return twoCalls("", gateway -> {});
  }

  /**
   * Runs two calls.
   *
   * @param more configuration
   * @param then looks at the gateway while it runs
   */
  private String twoCalls(String more, Consumer<RunningGateway> then) throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, more))) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      gateway.post("/v1/chat/completions", CHAT);
      gateway.post("/v1/chat/completions", CHAT);
      then.accept(gateway);
      return gateway.file().toString();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket nobody = new ServerSocket(0)) {
      return nobody.getLocalPort();
    }
  }

  @Test
  void budgets_whenNoServerRuns_areAsTheLedgerHasThem() throws Exception {
    String config =
        twoCalls(
            "budgets:\n"
                + "  - { name: org, limit: 5 USD, every: month }\n"
                + "  - { name: each, per: user, limit: 3M tokens, every: total }\n",
            gateway -> {});
    String text = Files.readString(Path.of(config));
    String admin = "admin: { listen: 127.0.0.1:" + freePort() + " }";
    String stopped = file("stopped.yaml", text.replace("admin: { listen: 127.0.0.1:0 }", admin));

    assertThat(command.run("budgets", "--config", stopped)).as(command.complained()).isZero();
    assertThat(command.complained()).contains("as the ledger has it");
    assertThat(command.said())
        .containsPattern("org +5.00 USD +0.42 USD +- +\\d{4}-")
        .containsPattern("each +ada +3000000 tokens +2200000 tokens +- +never");
  }

  @Test
  void budgets_whenTheServersStoreIsAway_areAsTheLedgerHasThem() throws Exception {
    String config =
        twoCalls("budgets: [{ name: org, limit: 5 USD, every: month }]\n", gateway -> {});
    try (FakeProvider server = FakeProvider.start()) {
      server.on("/admin/v1/budgets").reply(Script.error(503));
      String admin = "admin: { listen: \"" + server.url().replace("http://", "") + "\" }";
      String running =
          file(
              "running.yaml",
              Files.readString(Path.of(config)).replace("admin: { listen: 127.0.0.1:0 }", admin));

      assertThat(command.run("budgets", "--config", running)).as(command.complained()).isZero();
      assertThat(command.complained()).contains("answered 503").contains("as the ledger has it");
      assertThat(command.said()).containsPattern("org +5.00 USD +0.42 USD +- +\\d{4}-");
    }
  }

  @Test
  void report_ofACommandAndOfTheAdminPort_splitWhatWasSaved() throws Exception {
    String[] admin = new String[1];
    String config =
        twoCalls(
            "cache: { exact: { ttl: 1h, scope: team } }\n",
            gateway -> admin[0] = gateway.admin("/admin/v1/spend?by=team&format=csv"));
    assertThat(command.run("report", "--config", config, "--by", "team", "--format", "csv"))
        .isZero();
    assertThat(command.said())
        .contains("net_saved_usd,cache_net_saved_usd,routing_net_saved_usd,wasted_usd")
        .contains("engineering,0.21,2,2,2,0,1,")
        .contains(",0.21,0.00,0.00,0.21,0.21,0.00,0.00,0.00,0.105,");
    // Latencies aside, both say the same.
    assertThat(command.said().split(",[0-9]+,[0-9]+,[0-9]+\\R"))
        .isEqualTo(admin[0].split(",[0-9]+,[0-9]+,[0-9]+\\R"));
    assertThat(command.run("report", "--config", config, "--by", "team")).isZero();
    assertThat(command.said()).contains("overhead deducted: 0.21 USD (cache 0.21, routing 0.00)");
  }

  @Test
  void statement_markupAndSharedCost_areLinesAndAPage() throws Exception {
    String config = twoCalls();
    String month = YearMonth.now(ZoneOffset.UTC).toString();
    assertThat(
            command.run(
                "statement",
                "--config",
                config,
                "--month",
                month,
                "--markup",
                "10%",
                "--shared",
                "gateway=3 USD"))
        .as(command.complained())
        .isZero();
    assertThat(command.said())
        .contains(month + ",engineering,usage,fake/gpt-4o-mini,2,0.42")
        .contains("markup,10 %,0,0.042")
        .contains("shared,gateway,0,3.00");
    assertThat(command.run("statement", "--config", config, "--month", month, "--format", "html"))
        .isZero();
    assertThat(command.said())
        .startsWith("<!doctype html>")
        .contains("<h1>engineering</h1>", "open, as of now");
    assertThat(command.complained()).isEmpty();
    assertThat(command.run("statement", "--config", config, "--month", "2020-02")).isZero();
    assertThat(command.said().lines()).hasSize(1);
    assertThat(command.complained()).contains("no calls were recorded in 2020-02");
    // A month that is not over stays open.
    assertThat(command.run("statement", "--config", config, "--month", month, "--close"))
        .isEqualTo(1);
    assertThat(command.complained()).contains("is not over");
    assertThat(command.run("statement", "--config", config, "--month", "2020-01", "--close"))
        .isEqualTo(1);
    assertThat(command.complained()).contains("no calls were recorded in 2020-01: it stays open");
    assertThat(command.run("statement", "--config", config, "--month", "soon")).isEqualTo(1);
    assertThat(command.run("statement", "--config", config, "--markup", "much")).isEqualTo(1);
    assertThat(command.complained()).contains("--markup: much (expected: a share such as 5%");
    for (String markup : List.of("5", "1", "1.5", "-5%", "1e9%", "5 %", "%")) {
      assertThat(command.run("statement", "--config", config, "--markup=" + markup)).isEqualTo(1);
      assertThat(command.complained())
          .contains("--markup: " + markup + " (expected: ", "as a fraction below 1, 0.05)");
    }
    assertThat(command.run("statement", "--config", config, "--month", month, "--markup", "0.05"))
        .isZero();
    assertThat(command.said()).contains("markup,5 %,0,0.021");
    assertThat(command.run("statement", "--config", config, "--shared", "gw=abc")).isEqualTo(1);
    assertThat(command.complained())
        .contains("--shared: gw: abc (expected: money such as 200 USD)");
  }

  @Test
  void options_thatWouldBePassedOver_areRefused() throws Exception {
    String config = twoCalls();
    for (String option : List.of("--focus-version=1.3", "--focus-view=chargeback", "--markup=5%")) {
      assertThat(command.run("report", "--config", config, option)).as(option).isEqualTo(1);
      assertThat(command.complained())
          .contains(option.substring(0, option.indexOf('=')) + " goes with --format focus");
    }
    assertThat(command.run("report", "--config", config, "--format", "xml")).isEqualTo(1);
    assertThat(command.complained()).contains("--format: xml (expected: table, csv, json or focus");
    assertThat(command.run("reprot", "--help")).isEqualTo(1);
    assertThat(command.complained()).contains("no such command: reprot");
    assertThat(command.run("report", "--help")).isZero();
    assertThat(command.run("key", "new", "--team", "a\nb")).isEqualTo(1);
    assertThat(command.complained()).contains("--team: a\\u000ab (expected: a name without");
    assertThat(
            command.run(
                "reconcile",
                "--config",
                config,
                "--provider",
                "fake",
                "--export",
                config,
                "--format",
                "csv",
                "--tolerance",
                "5"))
        .isEqualTo(1);
    assertThat(command.complained()).contains("--tolerance: 5 (expected: money such as 0.01 USD)");
  }

  @Test
  void close_statementThatArrivesNowhere_leavesTheMonthOpen() throws Exception {
    String config = twoCalls();
    String[] close = {
      "statement", "--config", config, "--month", "2020-01", "--shared", "gw=3 USD", "--close"
    };
    String[] report = {"report", "--config", config};
    for (String[] args : List.of(close, report)) {
      assertThat(command.runInto(fullDisk(), args)).isEqualTo(ExitCode.CANNOT_RUN);
      assertThat(command.complained().lines()).hasSize(1);
      assertThat(command.complained()).contains("the output could not be written in full");
      assertThat(command.runInto(fullDisk(), "key", "new", "--team", "a"))
          .isEqualTo(ExitCode.CANNOT_RUN);
    }
    assertThat(command.run(close)).as(command.complained()).isZero();
    assertThat(command.said()).contains("2020-01,,shared,gw,0,3.00");
    assertThat(command.run(close)).isEqualTo(1);
    assertThat(command.complained()).contains("2020-01 is closed and does not change");
  }

  private static Writer fullDisk() {
    return new Writer() {
      @Override
      public void write(char[] text, int from, int length) throws IOException {
        throw new IOException("no space left on device");
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  @Test
  void reconcile_mappedColumns_showDriftWithCausesAndBookIt() throws Exception {
    String config = twoCalls();
    String today = LocalDate.now(ZoneOffset.UTC).toString();
    String export =
        file(
            "export.csv",
            "Date,Model name,Tokens in,Tokens out,Charged\n"
                + today
                + ",mini-2024,2000000,200000,0.50\n");
    String[] ask = {
      "reconcile",
      "--config",
      config,
      "--provider",
      "fake",
      "--export",
      export,
      "--format",
      "csv",
      "--column",
      "day=Date,model=Model name,input=Tokens in,output=Tokens out,cost=Charged",
      "--model",
      "mini-2024=gpt-4o-mini"
    };
    assertThat(command.run(ask)).as(command.complained()).isZero();
    assertThat(command.said())
        .containsPattern(today + " +gpt-4o-mini +\\(all\\) +0.42 +0.50 +0.08 +price differs");
    String[] booking = java.util.Arrays.copyOf(ask, ask.length + 1);
    booking[ask.length] = "--book";
    assertThat(command.run(booking)).as(command.complained()).isZero();
    assertThat(command.said()).contains("1 adjustments booked");
    assertThat(command.run(ask)).isZero();
    assertThat(command.said()).containsPattern("total +0.50 +0.50 +0.00");
  }

  @Test
  void reconcile_providersOwnExports_areRead() throws Exception {
    String config = twoCalls();
    long start = LocalDate.now(ZoneOffset.UTC).atStartOfDay(ZoneOffset.UTC).toEpochSecond();
    String usage =
        file(
            "usage.json",
            "{\"data\":[{\"start_time\":"
                + start
                + ",\"results\":[{\"model\":\"gpt-4o-mini\",\"input_tokens\":2000000,"
                + "\"output_tokens\":200000}]}]}");
    assertThat(
            command.run(
                "reconcile",
                "--config",
                config,
                "--provider",
                "fake",
                "--export",
                usage,
                "--format",
                "openai"))
        .as(command.complained())
        .isZero();
    assertThat(command.said()).containsPattern("gpt-4o-mini +\\(all\\) +0.42 +0.42 +0.00 *\\R");
    assertThat(
            command.run(
                "reconcile",
                "--config",
                config,
                "--provider",
                "other",
                "--export",
                usage,
                "--format",
                "openai"))
        .isEqualTo(1);
    assertThat(command.complained()).contains("--provider: other (expected: one of [fake])");
    assertThat(
            command.run(
                "reconcile",
                "--config",
                config,
                "--provider",
                "fake",
                "--export",
                usage,
                "--format",
                "csv"))
        .isEqualTo(1);
    assertThat(command.complained()).contains("expected: day=COLUMN");
  }

  @Test
  void reconcile_theProvidersFocusFile_agreesWithTheLedger() throws Exception {
    String config = twoCalls();
    assertThat(command.run("report", "--config", config, "--format", "focus")).isZero();
    String focus = file("focus.csv", command.said());
    String[] ask = {
      "reconcile",
      "--config",
      config,
      "--provider",
      "fake",
      "--export",
      focus,
      "--format",
      "focus",
      "--tolerance",
      "0 USD"
    };
    assertThat(command.run(ask)).as(command.complained()).isZero();
    assertThat(command.said()).containsPattern("gpt-4o-mini +\\(all\\) +0.42 +0.42 +0.00 *\\R");
  }

  @Test
  void focus_afterPricesChanged_statesNoPriceThatWasNotCharged() throws Exception {
    Path prices = directory.resolve("prices.yaml");
    Files.writeString(prices, price("another-model", "1"));
    String config = twoCalls("prices: { files: [\"" + prices + "\"] }\n", gateway -> {});
    // Another version of the book, in which this model costs what it did.
    Files.writeString(prices, price("another-model", "2"));
    assertThat(command.run("report", "--config", config, "--format", "focus")).isZero();
    assertThat(command.said())
        .contains(",fake/gpt-4o-mini/input/standard,", ",fake/gpt-4o-mini/output/standard,")
        .doesNotContain("Adjustment");
    Files.writeString(prices, price("gpt-4o-mini", "99"));
    assertThat(command.run("report", "--config", config, "--format", "focus")).isZero();
    assertThat(command.said()).contains("Adjustment", ",0.42,").doesNotContain(",Usage,", "99");
  }

  private static String price(String model, String usd) {
    return "models:\n  - provider: openai\n    id: "
        + model
        + "\n    cards: [{ when: {}, rates: { input: \""
        + usd
        + "\", output: \""
        + usd
        + "\" } }]\n";
  }

  @Test
  void focus_everyVersionAndView_passesTheChecks() throws Exception {
    String config = twoCalls();
    for (FocusOptions.Version version : FocusOptions.Version.values()) {
      for (String view : new String[] {"provider", "chargeback"}) {
        assertThat(
                command.run(
                    "report",
                    "--config",
                    config,
                    "--format",
                    "focus",
                    "--focus-version",
                    version.label(),
                    "--focus-view",
                    view,
                    "--markup",
                    "5%"))
            .as(command.complained())
            .isZero();
        FocusOptions.View of = FocusOptions.View.valueOf(view.toUpperCase(Locale.ROOT));
        assertThat(FocusCheck.problems(command.said(), version, of)).isEmpty();
        assertThat(command.said()).contains(view.equals("chargeback") ? "0.1575" : "0.15,");
      }
    }
    String month = YearMonth.now(ZoneOffset.UTC).toString();
    assertThat(
            command.run(
                "report",
                "--config",
                config,
                "--from",
                month,
                "--to",
                month,
                "--format",
                "focus",
                "--focus-view",
                "chargeback",
                "--shared",
                "gateway=3 USD"))
        .as(command.complained())
        .isZero();
    assertThat(command.said()).contains("penstock:share-of-usage").contains("team/engineering");
    assertThat(
            FocusCheck.problems(
                command.said(), FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK))
        .isEmpty();
    Path parquet = directory.resolve("focus.parquet");
    assertThat(
            command.run(
                "report",
                "--config",
                config,
                "--format",
                "focus",
                "--focus-parquet",
                parquet.toString()))
        .as(command.complained())
        .isZero();
    assertThat(command.said()).isEmpty();
    assertThat(Files.readAllBytes(parquet)).startsWith("PAR1".getBytes(StandardCharsets.US_ASCII));
    assertThat(command.run("report", "--config", config, "--focus-parquet", parquet.toString()))
        .isEqualTo(1);
    assertThat(
            command.run("report", "--config", config, "--format", "focus", "--focus-version", "2"))
        .isEqualTo(1);
    assertThat(command.complained()).contains("--focus-version: 2 (expected: 1.4, 1.3 or 1.2)");
  }
}
