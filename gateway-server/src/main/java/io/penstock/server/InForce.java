package io.penstock.server;

import io.penstock.server.call.SemanticRules;
import io.penstock.server.call.Snapshot;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.LimitsConfig;
import io.penstock.server.targets.Targets;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration in force says, for parts that outlive a snapshot. Some of them ask before
 * the first one is there. Thread-safe.
 */
final class InForce {
  private final Config first;
  private final AtomicReference<Snapshot> snapshot;

  /**
   * Creates it.
   *
   * @param first the configuration of the start
   */
  InForce(Config first, AtomicReference<Snapshot> snapshot) {
    this.first = first;
    this.snapshot = snapshot;
  }

  private Config config() {
    Snapshot now = snapshot.get();
    return now == null ? first : now.config();
  }

  LimitsConfig limits() {
    return config().limits();
  }

  /** Budgets may raise an alert before the first snapshot is there. */
  List<AlertConfig> receivers() {
    return config().alerts();
  }

  @Nullable SemanticRules semanticRules() {
    Snapshot now = snapshot.get();
    return now == null ? null : now.semantic();
  }

  /** Rows that a start finds in the journal are told before the first snapshot is there. */
  String shownModel(String provider, String model) {
    Snapshot now = snapshot.get();
    // What models beyond the bound of the board share is called "*".
    return now == null || model.equals("*")
        ? Targets.OTHER
        : now.targets().shownModel(provider, model);
  }
}
