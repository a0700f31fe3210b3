package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.Values;
import java.util.List;
import java.util.Map;

/** A team; its keys inherit all of this. */
public record TeamConfig(
    @Setting(
            value = "Names that its keys may ask for; they may hold `*`.",
            meaning = Meaning.MODEL_NAMES)
        @Default("[\"*\"]")
        List<String> models,
    @Setting(value = "Dimensions that no header overrides.", rule = Rule.METADATA_NAMES)
        Map<String, String> metadata,
    @Setting(
            value = "Dimensions that every request must carry: 400 when absent.",
            rule = Rule.METADATA_NAMES)
        List<String> require,
    @Setting(value = "Request parameters that are refused with 403.", rule = Rule.DENY)
        List<String> deny) {

  /** Copies. */
  public TeamConfig {
    models = List.copyOf(models);
    metadata = Values.copy(metadata);
    require = List.copyOf(require);
    deny = List.copyOf(deny);
  }
}
