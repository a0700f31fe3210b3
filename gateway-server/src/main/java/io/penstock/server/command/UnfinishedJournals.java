package io.penstock.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.ledger.Unfinished;
import io.penstock.server.config.Config;
import io.penstock.server.store.Ledgers;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;

/** Tells whoever reads a ledger beside a gateway what it does not have yet. Blocks. */
final class UnfinishedJournals {
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  private final Config config;
  private final PrintWriter err;

  /**
   * @param err where notes go: they are no part of the output
   */
  UnfinishedJournals(Config config, PrintWriter err) {
    this.config = config;
    this.err = err;
  }

  /** Tells of gateways that died before all was in the ledger. */
  void tellDead() {
    look(false);
  }

  /** Tells of these, and of what the one that runs has still to write. */
  void tell() {
    look(true);
  }

  private void look(boolean live) {
    try {
      boolean runs = false;
      for (Path root : Ledgers.journals(config.ledger())) {
        Unfinished found = Unfinished.in(root);
        runs |= found.live();
        if (!found.dead().isEmpty()) {
          err.printf(
              "note: a gateway that died has left its journal in %s: its last calls may be missing"
                  + " here until a gateway starts with this ledger%n",
              found.dead().getFirst());
        }
      }
      if (live && runs) {
        tellQueue();
      }
    } catch (IOException e) {
      err.printf("note: journals beside the ledger cannot be looked at: %s%n", e);
    }
  }

  private void tellQueue() {
    try {
      AdminClient.Answer answer = AdminClient.of(config.admin(), TIMEOUT).get("/admin/v1/status");
      JsonNode ledger = new ObjectMapper().readTree(answer.body()).path("ledger");
      long queue = ledger.path("queue").asLong();
      if (answer.isOk() && queue > 0) {
        String why = ledger.path("database_error").asText();
        err.printf(
            "note: %d records of the running gateway are not in the ledger yet%s%n",
            queue, why.isEmpty() ? "" : ": " + why);
      }
    } catch (IOException e) {
      // It ends, starts, or is another's: what is in the ledger is told all the same.
      err.flush();
    }
  }
}
