package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shorthand;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Json;
import io.penstock.server.config.value.Values;
import io.penstock.server.config.value.Word;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A candidate of a model. */
@Shorthand("model")
public record TargetConfig(
    @Setting(value = "provider/model, or another name under models.", meaning = Meaning.TARGET)
        String model,
    @Setting(value = "Its part of the traffic, for the strategy `weighted`.", rule = Rule.WEIGHT)
        @Default("1")
        int weight,
    @Setting(
            value = "Attempts after the first, here instead of the provider's.",
            rule = Rule.ATTEMPTS)
        @Nullable Integer retries,
    @Setting(value = "Request fields that are replaced.", rule = Rule.SET) Map<String, Json> set,
    @Setting(
            value = "Request fields that are added when absent.",
            name = "default",
            rule = Rule.SET)
        Map<String, Json> defaults,
    @Setting(value = "How good it is, 0 to 1, for the strategy `cost`.", rule = Rule.UNIT)
        @Nullable Double quality,
    @Setting(
            value = "The complexity up to which it is asked, for the strategy `complexity`.",
            rule = Rule.UNIT)
        @Nullable Double upto,
    @Setting(
            value = "When its answer is good enough (CEL), for the strategy `cascade`.",
            meaning = Meaning.ANSWER_CONDITION)
        @Nullable String accept,
    @Setting("Whether its stream waits until it is accepted, for the strategy `cascade`.")
        @Default("hold")
        Word.CascadeStream stream) {

  /** Checks that something is asked. */
  public TargetConfig {
    set = Values.copy(set);
    defaults = Values.copy(defaults);
    if (model.isBlank()) {
      throw new InvalidValue("model", "\"\"", "provider/model");
    }
  }
}
