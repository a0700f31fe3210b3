package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Values;
import io.penstock.server.config.value.Word;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What tokens cost. */
public record PricesConfig(
    @Setting("YAML files laid over the bundled catalogue, in order.") List<Path> files,
    @Setting("A newer catalogue that is fetched.") RefreshConfig refresh,
    @Setting("What a target without a known price does.") @Default("deny")
        Word.UnknownPrice unknown,
    @Setting(
            value = "What is taken off the list price, by target; names may hold `*`.",
            rule = Rule.DISCOUNTS)
        Map<String, Share> discounts) {

  /** Copies. */
  public PricesConfig {
    files = List.copyOf(files);
    discounts = Values.copy(discounts);
  }

  /** A newer catalogue that is fetched; refused when it does not validate. */
  public record RefreshConfig(
      @Setting(value = "Where it is; empty: not fetched.", rule = Rule.WEBHOOK)
          @Nullable SecretUrl url,
      @Setting(value = "The pause between two looks.", positive = true) @Default("24h")
          Duration every) {}
}
