package io.penstock.server.targets;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import io.penstock.providers.Target;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * One {@code provider/model}, ready to be called. Immutable; made once per snapshot.
 *
 * @param label {@code provider/model}
 * @param target what the dialect needs to know
 * @param price what it costs; may say that nobody knows
 * @param set parameters that the route fixes
 * @param defaults parameters that the route adds
 * @param shownModel what metrics call the model: {@link Targets#shownModel}
 */
public record TargetRuntime(
    String label,
    ProviderRuntime provider,
    Target target,
    PricedModel price,
    Map<String, JsonNode> set,
    Map<String, JsonNode> defaults,
    boolean dropUnsupported,
    String shownModel) {
  private static final String PREFILL = "prefill";
  private static final byte[] NOTHING = {};

  public TargetRuntime {
    set = Map.copyOf(set);
    defaults = Map.copyOf(defaults);
  }

  /** Returns the upstream model's name. */
  public String model() {
    return target.model();
  }

  /** Returns this target with one more parameter for when the client sends none. */
  public TargetRuntime withDefault(String name, JsonNode value) {
    Map<String, JsonNode> more = new HashMap<>(defaults);
    more.putIfAbsent(name, value);
    return new TargetRuntime(
        label, provider, target, price, set, more, dropUnsupported, shownModel);
  }

  /** Returns whether the model goes on from the beginning of an answer that it is sent. */
  public boolean takesPrefill() {
    boolean told = "true".equals(target.options().get(PREFILL));
    return switch (target.dialect()) {
      case ANTHROPIC, BEDROCK -> told || price.capabilities().contains(PREFILL);
      case VERTEX -> price.capabilities().contains(PREFILL);
      case OPENAI -> told;
      default -> false;
    };
  }

  /** Returns this target, told that it is sent the beginning of an answer. */
  public TargetRuntime prefilled() {
    Map<String, String> options = new HashMap<>(target.options());
    options.put(PREFILL, "true");
    Target told =
        new Target(target.provider(), target.dialect(), target.model(), target.region(), options);
    return new TargetRuntime(
        label, provider, told, price, set, defaults, dropUnsupported, shownModel);
  }

  /** Returns what the route fixes and adds, as one JSON object; empty when that is nothing. */
  public byte[] parameters() {
    if (set.isEmpty() && defaults.isEmpty()) {
      return NOTHING;
    }
    ObjectNode both = JsonNodeFactory.instance.objectNode();
    defaults.forEach(both::set);
    set.forEach(both::set);
    return both.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Returns whether the model can be asked to search the web and nobody knows what that costs.
   *
   * @param at epoch milliseconds
   */
  public boolean searchesUnpriced(long at) {
    return price.isPriced()
        && price.capabilities().contains("web_search")
        && price.rate(Meter.WEB_SEARCH, at) == null;
  }

  /** Returns whether every token that is billed is streamed: none is thought in silence. */
  public boolean showsWhatItBills() {
    return !price.capabilities().contains("reasoning");
  }
}
