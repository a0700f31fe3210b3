package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.Map;

/**
 * The usage of one Anthropic stream: {@code message_start} has the input side, each {@code
 * message_delta} cumulative counts. The last value of each field that is not null counts; deltas
 * are never added up. Confined to one thread.
 */
public final class AnthropicUsage {
  private final ObjectNode fields = JsonNodeFactory.instance.objectNode();

  /** Takes a {@code usage} object of {@code message_start}, {@code message_delta} or an answer. */
  public void merge(JsonNode usage) {
    for (Map.Entry<String, JsonNode> field : usage.properties()) {
      if (!field.getValue().isNull()) {
        fields.set(field.getKey(), field.getValue());
      }
    }
  }

  /**
   * Returns the meters; tier and region are what the usage says. Compaction runs before the message
   * and is not in the top-level counts, so its tokens are added. Passes on another model (advisor,
   * fallback) are added too, as what that one has used.
   */
  public Usage toUsage() {
    Usage.Builder meters = Usage.builder();
    addTokens(meters, fields);
    JsonNode server = fields.path("server_tool_use");
    meters.set(Meter.WEB_SEARCH, Counts.of(server.path("web_search_requests")));
    meters.set(Meter.CODE_EXECUTION, Counts.of(server.path("code_execution_requests")));
    String speed = UsageReaders.tier(fields.path("speed").asText(""));
    String tier = UsageReaders.tier(fields.path("service_tier").asText(""));
    meters.serviceTier("fast".equals(speed) || tier == null ? speed : tier);
    String region = fields.path("inference_geo").asText("");
    meters.region(
        region.isEmpty() || region.equals("global") || region.equals("not_available")
            ? null
            : region);
    Usage own = meters.build();
    for (JsonNode pass : fields.path("iterations")) {
      if (!pass.path("type").asText("message").equals("message")) {
        addPass(meters, own, pass);
      }
    }
    return meters.build();
  }

  /** A pass has the tier and the region of the answer, and perhaps a model of its own. */
  private static void addPass(Usage.Builder meters, Usage own, JsonNode pass) {
    String model = pass.path("model").asText("");
    if (model.isEmpty()) {
      addTokens(meters, pass);
    } else {
      Usage.Builder other = own.withoutCounts().toBuilder().model(model);
      addTokens(other, pass);
      meters.addPass(other.build());
    }
  }

  private static void addTokens(Usage.Builder meters, JsonNode usage) {
    long written = Counts.of(usage.path("cache_creation_input_tokens"));
    JsonNode split = usage.path("cache_creation");
    long hour = Counts.of(split.path("ephemeral_1h_input_tokens"));
    written = Math.max(written, hour + Counts.of(split.path("ephemeral_5m_input_tokens")));
    long output = Counts.of(usage.path("output_tokens"));
    long thinking = Counts.of(usage.path("output_tokens_details").path("thinking_tokens"));
    meters.add(Meter.INPUT, Counts.of(usage.path("input_tokens")));
    meters.add(Meter.CACHE_READ, Counts.of(usage.path("cache_read_input_tokens")));
    meters.add(Meter.CACHE_WRITE, written - hour);
    meters.add(Meter.CACHE_WRITE_1H, hour);
    meters.add(Meter.OUTPUT, Counts.rest(output, thinking));
    meters.add(Meter.OUTPUT_REASONING, thinking);
  }
}
