package io.penstock.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.budget.BudgetPlan;
import io.penstock.core.rule.Conditions;
import io.penstock.ledger.LedgerReader;
import io.penstock.server.config.Config;
import io.penstock.server.snapshot.BudgetMapping;
import io.penstock.server.store.Ledgers;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code penstock budgets}: the state of every budget and subject, from the running server; when
 * none runs, or its budget store is away, what the ledger has of them.
 */
@Command(
    name = "budgets",
    description =
        "Prints limit, spend and holds of every budget; asks the running server, else the ledger.",
    mixinStandardHelpOptions = true)
final class BudgetsCommand implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int UNAVAILABLE = 503;

  @Mixin private ConfigOption config = new ConfigOption();

  @Spec private @Nullable CommandSpec spec;

  /** The server runs, and cannot ask its budget store. */
  private static final class AwayException extends IOException {
    private static final long serialVersionUID = 1;

    AwayException(String message) {
      super(message);
    }
  }

  @Override
  public Integer call() throws Exception {
    Config loaded = config.load(Commands.err(spec));
    if (loaded == null) {
      return ExitCode.WRONG_INPUT;
    }
    AdminClient server = AdminClient.of(loaded.admin(), TIMEOUT);
    try {
      print(server, Commands.out(spec));
      OtherGateway.tell(server, config.file, Commands.err(spec));
      new UnfinishedJournals(loaded, Commands.err(spec)).tellDead();
    } catch (AdminClient.NoServerException e) {
      Commands.err(spec)
          .printf(
              "no server of this configuration answers at %s: as the ledger has it%n",
              server.address());
      printSettled(loaded);
    } catch (AwayException e) {
      Commands.err(spec)
          .printf("the server cannot tell, %s: as the ledger has it%n", e.getMessage());
      printSettled(loaded);
    }
    return ExitCode.OK;
  }

  /** Prints what was settled; nobody knows of holds. */
  private void printSettled(Config loaded) {
    BudgetPlan plan = new BudgetMapping(new Conditions()).plan(loaded);
    try (LedgerReader ledger = Ledgers.read(loaded)) {
      BudgetTable table = new BudgetTable(Commands.out(spec));
      for (SettledBudgets.Line line :
          SettledBudgets.of(plan, ledger.queries(), System.currentTimeMillis())) {
        long end = line.counter().windowEnd();
        table.add(
            line.counter().budget(),
            line.counter().override(),
            line.counter().subject(),
            line.limit().show(line.limit().amount()),
            line.limit().show(line.spent()),
            "-",
            end == Long.MAX_VALUE ? "never" : Instant.ofEpochMilli(end).toString());
      }
      table.flush();
    }
    new UnfinishedJournals(loaded, Commands.err(spec)).tell();
  }

  /** Prints all pages. */
  private static void print(AdminClient server, PrintWriter out) throws IOException {
    String cursor = "";
    BudgetTable table = new BudgetTable(out);
    do {
      JsonNode page = page(server, cursor);
      for (JsonNode state : page.path("budgets")) {
        table.add(
            state.path("budget").asText(),
            state.path("override").asInt(-1),
            state.path("subject").asText(),
            state.path("limit").asText("-"),
            state.path("spent").asText(),
            state.path("held").asText(),
            state.path("resets").asText("never"));
      }
      cursor = page.path("next").asText();
    } while (!cursor.isEmpty());
    table.flush();
  }

  private static JsonNode page(AdminClient server, String cursor) throws IOException {
    AdminClient.Answer answer =
        server.get(
            "/admin/v1/budgets?limit=1000&cursor="
                + URLEncoder.encode(cursor, StandardCharsets.UTF_8));
    String said = server.address() + " answered " + answer.status() + ": " + answer.body();
    if (answer.status() == UNAVAILABLE) {
      throw new AwayException(said);
    }
    if (!answer.isOk()) {
      throw new IOException(said);
    }
    return MAPPER.readTree(answer.body());
  }
}
