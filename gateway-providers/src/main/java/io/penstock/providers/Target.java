package io.penstock.providers;

import io.penstock.core.Dialect;
import java.util.Map;

/**
 * Where an attempt goes: everything about the provider that shapes bytes. No credential.
 *
 * @param provider the configured provider's name, for messages
 * @param dialect the provider's dialect
 * @param model the provider's own name of the model (or the Azure deployment)
 * @param region the configured region, "" when none
 * @param options further settings of the dialect, for example {@code api_version}, {@code project}
 */
public record Target(
    String provider, Dialect dialect, String model, String region, Map<String, String> options) {
  public Target {
    options = Map.copyOf(options);
  }
}
