package io.penstock.server.config;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A candidate of a model. */
@Shorthand("model")
public record TargetConfig(
    @Setting(value = "provider/model, or another name under models.", meaning = Meaning.TARGET)
        String model,
    @Setting("Its part of the traffic, for the strategy `weighted`.") @Default("1") int weight,
    @Setting("Attempts after the first, here instead of the provider's.") @Nullable Integer retries,
    @Setting("Request fields that are replaced.") Map<String, Json> set,
    @Setting(value = "Request fields that are added when absent.", name = "default")
        Map<String, Json> defaults,
    @Setting("How good it is, 0 to 1, for the strategy `cost`.") @Nullable Double quality,
    @Setting("The complexity up to which it is asked, for the strategy `complexity`.")
        @Nullable Double upto,
    @Setting(
            value = "When its answer is good enough (CEL), for the strategy `cascade`.",
            meaning = Meaning.ANSWER_CONDITION)
        @Nullable String accept,
    @Setting("Whether its stream waits until it is accepted, for the strategy `cascade`.")
        @Default("hold")
        Word.CascadeStream stream) {

  /** Checks the numbers. */
  public TargetConfig {
    set = Values.copy(set);
    defaults = Values.copy(defaults);
    if (model.isBlank()) {
      throw new InvalidValue("model", "\"\"", "provider/model");
    }
    if (weight < 0) {
      throw new InvalidValue("weight", Integer.toString(weight), "0 or more");
    }
    if (retries != null && (retries < 0 || retries > 10)) {
      throw new InvalidValue("retries", retries.toString(), "0 to 10");
    }
    Values.requireUnit("quality", quality);
    Values.requireUnit("upto", upto);
  }

  /** Returns the text before the first slash: the provider, or "" in the name of a model. */
  public String provider() {
    int slash = model.indexOf('/');
    return slash < 0 ? "" : model.substring(0, slash);
  }
}
