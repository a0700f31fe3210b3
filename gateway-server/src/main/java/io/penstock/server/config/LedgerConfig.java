package io.penstock.server.config;

import java.time.Duration;
import java.util.List;

/** Where rows go. A change of the URL needs a restart. */
public record LedgerConfig(
    @Setting("sqlite:FILE for one replica, jdbc:postgresql://... for several.")
        @Default("sqlite:data/ledger.db")
        SecretUrl url,
    @Setting(value = "How long rows are kept; roll-ups are kept for good.", positive = true)
        @Default("400d")
        Duration retain,
    @Setting("Whether prompts and answers are kept.") ContentConfig content,
    @Setting("Further dimensions of the daily roll-ups, such as metadata.project.")
        List<String> rollup) {

  /** Checks the store and the dimensions. */
  public LedgerConfig {
    rollup = List.copyOf(rollup);
    String text = url.reveal();
    if (!text.startsWith("sqlite:") && !text.startsWith("jdbc:postgresql:")) {
      throw new InvalidValue("url", url.toString(), "sqlite:FILE or jdbc:postgresql://host/db");
    }
    for (String dimension : rollup) {
      if (!dimension.startsWith("metadata.") || dimension.length() == "metadata.".length()) {
        throw new InvalidValue("rollup", dimension, "metadata.NAME");
      }
    }
  }
}
