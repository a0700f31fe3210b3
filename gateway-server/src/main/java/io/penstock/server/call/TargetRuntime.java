package io.penstock.server.call;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.PricedModel;
import io.penstock.providers.Target;
import java.util.Map;

/**
 * One {@code provider/model}, ready to be called. Immutable; made once per snapshot.
 *
 * @param label {@code provider/model}
 * @param target what the dialect needs to know
 * @param price what it costs; may say that nobody knows
 * @param set parameters that the route fixes
 * @param defaults parameters that the route adds
 */
public record TargetRuntime(
    String label,
    ProviderRuntime provider,
    Target target,
    PricedModel price,
    Map<String, JsonNode> set,
    Map<String, JsonNode> defaults,
    boolean dropUnsupported) {

  public TargetRuntime {
    set = Map.copyOf(set);
    defaults = Map.copyOf(defaults);
  }

  /** Returns the upstream model's name. */
  public String model() {
    return target.model();
  }
}
