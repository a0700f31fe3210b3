package io.penstock.server.command;

import io.penstock.core.Suggest;
import io.penstock.core.price.PriceBook;
import io.penstock.server.config.Config;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.snapshot.Prices;
import java.util.List;

/** Says of a target without a price whose prices were searched, and what was probably meant. */
final class UnpricedTarget {
  private UnpricedTarget() {}

  static String told(Config config, PriceBook prices, String target) {
    int slash = target.indexOf('/');
    String name = slash < 0 ? "" : target.substring(0, slash);
    ProviderConfig provider = config.providers().get(name);
    String searched = "the catalogue";
    String near = null;
    if (provider != null) {
      String catalogue = Prices.catalogue(prices, name, provider);
      boolean known = prices.providers().contains(catalogue);
      searched = "the catalogue `" + catalogue + "`" + (known ? "" : ", which there is none of");
      near = Suggest.nearest(target.substring(slash + 1), prices.models(catalogue));
      String host = provider.baseUrl() == null ? "" : provider.baseUrl().getHost();
      String other = near == null ? other(prices, host, target.substring(slash + 1)) : "";
      searched += other.isEmpty() ? "" : ", or `catalogue: " + other + "` at " + name;
    }
    return target
        + ": no price is known (expected: a model of "
        + searched
        + ", an entry in prices.files, `free: true`, or another prices.unknown"
        + (near == null ? ")" : "; did you mean " + name + "/" + near + "?)");
  }

  /** The catalogue that has the model, if its name is one of the host's: api.mistral.ai. */
  private static String other(PriceBook prices, String host, String model) {
    List<String> labels = List.of(host.split("\\."));
    return prices.providers().stream()
        .filter(catalogue -> labels.contains(catalogue) && prices.lists(catalogue, model))
        .findFirst()
        .orElse("");
  }
}
