package io.penstock.server.config.load;

import io.penstock.server.config.TelemetryConfig;
import io.penstock.server.config.schema.ValueRules;
import io.penstock.server.config.value.HostPort;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Warns where the headers of telemetry, which are credentials, go further than is meant. */
final class TelemetrySense {
  private TelemetrySense() {}

  static void check(TelemetryConfig telemetry, Report report) {
    if (telemetry.headers().values().stream().allMatch(Secret::isEmpty)) {
      return;
    }
    SecretUrl otlp = telemetry.otlp();
    SecretUrl requests = telemetry.requests();
    URI collector = address(otlp);
    URI webhook = address(requests);
    clear(collector, otlp, "otlp", report);
    clear(webhook, requests, "requests", report);
    if (collector != null && webhook != null && !origin(collector).equals(origin(webhook))) {
      report.warning(
          "sent to both " + otlp + " and " + requests,
          "receivers of one origin, or no headers: each gets the other's credential",
          "telemetry",
          "headers");
    }
  }

  private static void clear(
      @Nullable URI address, @Nullable SecretUrl shown, String name, Report report) {
    if (address != null && !isSecure(address) && !isLoopback(address)) {
      report.warning(
          shown + " with headers",
          "https, or an address on loopback: they cross the network in the clear",
          "telemetry",
          name);
    }
  }

  /** Returns where headers are sent to: null for a file, none, or what is refused anyway. */
  private static @Nullable URI address(@Nullable SecretUrl url) {
    return url != null && ValueRules.isHttp(url) ? URI.create(url.reveal()) : null;
  }

  private static boolean isSecure(URI address) {
    return address.getScheme().equalsIgnoreCase("https");
  }

  private static boolean isLoopback(URI address) {
    return new HostPort(host(address), 0).isLoopback();
  }

  private static String host(URI address) {
    return address.getHost().toLowerCase(Locale.ROOT).replace("[", "").replace("]", "");
  }

  private static String origin(URI address) {
    int standard = isSecure(address) ? 443 : 80;
    int port = address.getPort() < 0 ? standard : address.getPort();
    return isSecure(address) + " " + host(address) + " " + port;
  }
}
