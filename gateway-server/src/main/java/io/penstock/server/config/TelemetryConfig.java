package io.penstock.server.config;

import org.jspecify.annotations.Nullable;

/** What is told to others off the request path. A change needs a restart. */
public record TelemetryConfig(
    @Setting("The collector, such as http://collector:4318; empty: none.") @Nullable SecretUrl otlp,
    @Setting("Where each row goes as a JSON line: file:PATH or a webhook; empty: nowhere.")
        @Nullable SecretUrl requests) {
  /** Checks both addresses. */
  public TelemetryConfig {
    require("otlp", otlp, "http://collector:4318", "http://", "https://");
    require("requests", requests, "file:PATH or https://...", "file:", "http://", "https://");
  }

  private static void require(
      String name, @Nullable SecretUrl url, String expected, String... schemes) {
    if (url == null || url.reveal().isEmpty()) {
      return;
    }
    for (String scheme : schemes) {
      if (url.reveal().startsWith(scheme)) {
        return;
      }
    }
    throw new InvalidValue(name, url.toString(), expected);
  }
}
