package io.penstock.server;

import io.penstock.core.Dialect;
import io.penstock.core.identity.KeyRing;
import io.penstock.server.config.Config;
import java.nio.file.Path;

/** The configuration of the demo. */
final class DemoConfig {
  private DemoConfig() {}

  /** Returns whether what the demo prints is true of it: its key, and a provider inside. */
  static boolean isDemo(Config config) {
    String hash = KeyRing.hash(DemoCommand.KEY);
    return config.providers().values().stream().anyMatch(one -> one.dialect() == Dialect.DEMO)
        && config.keys().stream()
            .anyMatch(key -> key.sha256().stream().anyMatch(one -> one.hex().equals(hash)));
  }

  /** Returns the YAML; the ledger lies beside the file. */
  static String yaml(Path file) {
    Path directory = file.toAbsolutePath().getParent();
    String ledger = directory == null ? "ledger.db" : directory.resolve("ledger.db").toString();
    return """
    # Written by `penstock demo`. Edit it while the demo runs: it takes effect within 2 s.
    listen: 127.0.0.1:8080
    admin: { listen: 127.0.0.1:9091 }
    ledger:
      url: "sqlite:%s"

    providers:
      demo:
        dialect: demo               # answers inside this process
        catalogue: openai           # at OpenAI's prices

    models:
      gpt-4o-mini: demo/gpt-4o-mini
      gpt-4o: demo/gpt-4o
      gpt-4.1: demo/gpt-4.1
      text-embedding-3-small: demo/text-embedding-3-small
      steady:                       # the second answers when the first cannot
        strategy: priority
        targets: [demo/gpt-4o, demo/gpt-4o-mini]
      auto:                         # the simple ones to the small model
        strategy: complexity
        targets: [{ model: demo/gpt-4o-mini, upto: 0.35 }, demo/gpt-4.1]
        baseline: demo/gpt-4.1

    teams:
      demo: { models: ["*"] }
    keys:
      - { id: k-demo, sha256: ["%s"], team: demo, app: try-out }   # the key %s

    budgets:
      - { name: demo-day, per: team, limit: 5 USD, every: day }
    rates:
      - { name: per-key, per: key, requests: 600, every: minute }
    cache:
      exact: { ttl: 1h, scope: team }
    """
        .formatted(ledger, KeyRing.hash(DemoCommand.KEY), DemoCommand.KEY);
  }
}
