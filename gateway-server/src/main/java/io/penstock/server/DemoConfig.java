package io.penstock.server;

import io.penstock.core.identity.KeyRing;
import java.nio.file.Path;

/** The configuration of the demo. */
final class DemoConfig {
  private DemoConfig() {}

  /** Returns the YAML; the ledger lies beside the file. */
  static String yaml(Path file) {
    Path directory = file.toAbsolutePath().getParent();
    String ledger = directory == null ? "ledger.db" : directory.resolve("ledger.db").toString();
    return """
    # Written by `penstock demo`. Edit it while the demo runs: it takes effect within 2 s.
    listen: 127.0.0.1:8080
    admin: { listen: 127.0.0.1:9091 }
    ledger:
      url: sqlite:%s

    providers:
      demo:
        dialect: demo               # answers inside this process
        catalogue: openai           # at OpenAI's prices

    models:
      gpt-4o-mini: demo/gpt-4o-mini
      gpt-4o: demo/gpt-4o
      gpt-4.1: demo/gpt-4.1
      text-embedding-3-small: demo/text-embedding-3-small
      careful:
        strategy: priority
        targets: [demo/gpt-4o, demo/gpt-4o-mini]

    teams:
      demo: { models: ["*"] }
    keys:
      - { id: k-demo, sha256: ["%s"], team: demo, app: try-out }   # the key %s
    """
        .formatted(ledger, KeyRing.hash(DemoCommand.KEY), DemoCommand.KEY);
  }
}
