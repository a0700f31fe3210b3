package io.penstock.server.config;

import io.penstock.core.identity.Cidr;
import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Sha256;
import io.penstock.server.config.value.Values;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A virtual key. */
public record KeyConfig(
    @Setting("What reports and logs call it.") String id,
    @Setting(value = "SHA-256 of the secret; two while it is rotated.", oneOrMany = true)
        List<Sha256> sha256,
    @Setting(value = "The team it belongs to.", meaning = Meaning.TEAM) String team,
    @Setting("The application it is for.") @Nullable String app,
    @Setting("The person it is for.") @Nullable String user,
    @Setting(
            value = "Dimensions that no header overrides; added to the team's.",
            rule = Rule.METADATA_NAMES)
        Map<String, String> metadata,
    @Setting(
            value = "Dimensions that every request must carry; added to the team's.",
            rule = Rule.METADATA_NAMES)
        List<String> require,
    @Setting(
            value = "Names that it may ask for; the team's when left out.",
            meaning = Meaning.MODEL_NAMES)
        @Nullable List<String> models,
    @Setting("The last day on which it works (UTC), or an instant.") @Nullable Instant expires,
    @Setting("Whether it is refused.") @Default("false") boolean disabled,
    @Setting(
            value = "Models that X-Penstock-Route may name; they may hold `*`.",
            meaning = Meaning.MODEL_NAMES)
        List<String> routes,
    @Setting(
            value = "Request parameters that are refused with 403; added to the team's.",
            rule = Rule.DENY)
        List<String> deny,
    @Setting("Client addresses or networks; any when empty.") List<Cidr> allowFrom) {

  /** Checks the hashes. */
  public KeyConfig {
    sha256 = List.copyOf(sha256);
    metadata = Values.copy(metadata);
    require = List.copyOf(require);
    models = models == null ? null : List.copyOf(models);
    routes = List.copyOf(routes);
    deny = List.copyOf(deny);
    allowFrom = List.copyOf(allowFrom);
    if (sha256.isEmpty() || sha256.size() > 2) {
      throw new InvalidValue(
          "sha256", sha256.size() + " hashes", "one, or two while it is rotated");
    }
  }
}
