package io.penstock.providers.dialect;

import io.penstock.core.GatewayException;
import io.penstock.providers.ProviderCall;

/** What the clouds that host several makers' models have in common. */
final class Hosted {
  private Hosted() {}

  static boolean isClaude(ProviderCall call) {
    return isClaude(call.target().model());
  }

  static boolean isClaude(String model) {
    return model.contains("claude");
  }

  /**
   * Returns a setting of the target without which no path can be built.
   *
   * @throws GatewayException 400 that names the setting
   */
  static String option(ProviderCall call, String name) {
    String value = call.target().options().getOrDefault(name, "");
    if (value.isEmpty()) {
      throw GatewayException.invalid(
          "model",
          "The provider "
              + call.target().provider()
              + " is not configured for this model: "
              + name
              + " is missing.");
    }
    return value;
  }
}
