package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Word;
import org.jspecify.annotations.Nullable;

/** What a provider allows. */
public record ProviderRatesConfig(
    @Setting(value = "Requests in a window.", positive = true) @Nullable Long requests,
    @Setting(value = "Tokens in a window.", positive = true) @Nullable Long tokens,
    @Setting("The window.") @Default("minute") Word.RateWindow every) {

  /** Checks that something is limited. */
  public ProviderRatesConfig {
    if (requests == null && tokens == null) {
      throw new InvalidValue("", "no limit", "requests or tokens");
    }
  }
}
