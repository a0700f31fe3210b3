package io.penstock.server.config;

import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Values;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is told to others off the request path. A change needs a restart. */
public record TelemetryConfig(
    @Setting(value = "The collector, such as http://collector:4318; empty: none.", rule = Rule.OTLP)
        @Nullable SecretUrl otlp,
    @Setting(
            value = "Where each row goes as a JSON line: a file or a webhook; empty: nowhere.",
            rule = Rule.REQUESTS)
        @Nullable SecretUrl requests,
    @Setting(
            value = "Headers of all that goes to the collector and the webhook; empty: left out.",
            rule = Rule.HEADERS)
        Map<String, Secret> headers) {

  /** Takes what a section says. */
  public TelemetryConfig {
    headers = Values.copy(headers);
  }
}
