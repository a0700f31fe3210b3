package io.penstock.server.config;

import org.jspecify.annotations.Nullable;

/** What is told to others off the request path. A change needs a restart. */
public record TelemetryConfig(
    @Setting("The collector, such as http://collector:4318; empty: none.") @Nullable SecretUrl otlp,
    @Setting("Where each row goes as a JSON line: a file or a webhook; empty: nowhere.")
        @Nullable SecretUrl requests) {
  /** Checks the collector's address. */
  public TelemetryConfig {
    String to = otlp == null ? "" : otlp.reveal();
    if (!to.isEmpty() && !to.startsWith("http://") && !to.startsWith("https://")) {
      throw new InvalidValue("otlp", String.valueOf(otlp), "http://collector:4318");
    }
  }
}
