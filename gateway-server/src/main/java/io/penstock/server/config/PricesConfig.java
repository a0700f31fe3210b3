package io.penstock.server.config;

import java.math.BigDecimal;
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
    @Setting("What is taken off the list price, by target; names may hold `*`.")
        Map<String, Share> discounts) {

  /** Checks the discounts. */
  public PricesConfig {
    files = List.copyOf(files);
    discounts = Values.copy(discounts);
    discounts.forEach((target, share) -> {
      if (share.ratio().compareTo(BigDecimal.ONE) > 0) {
        throw new InvalidValue("discounts." + target, share.toString(), "at most 100%");
      }
    });
  }

  /** A newer catalogue that is fetched; refused when it does not validate. */
  public record RefreshConfig(
      @Setting("Where it is; empty: not fetched.") @Nullable SecretUrl url,
      @Setting(value = "The pause between two looks.", positive = true) @Default("24h")
          Duration every) {}
}
