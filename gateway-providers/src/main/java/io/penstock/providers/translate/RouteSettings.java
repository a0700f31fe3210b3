package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.ProviderCall;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Settings of the route, which speak OpenAI's words or the provider's. Stateless. */
final class RouteSettings {
  /** Where Gemini and Bedrock keep the output cap. */
  private static final Map<String, String> CONFIGS =
      Map.of("generationConfig", "maxOutputTokens", "inferenceConfig", "maxTokens");

  private RouteSettings() {}

  /** Applies what has a counterpart in every dialect. */
  static void apply(ProviderCall call, Conversation conversation) {
    call.defaults()
        .forEach((name, value) -> {
          Option option = option(name);
          if (option != null && !conversation.has(option)) {
            conversation.set(option, name, value);
          }
        });
    call.set()
        .forEach((name, value) -> {
          Option option = option(name);
          if (option != null) {
            conversation.set(option, name, value);
          }
        });
  }

  private static @Nullable Option option(String name) {
    return switch (name) {
      case "max_output_tokens", "maxOutputTokens" -> Option.MAX_TOKENS;
      default -> ChatRequestReader.OPTIONS.get(name);
    };
  }

  /** Applies the rest, as top-level fields of the provider. */
  static void apply(ProviderCall call, ObjectNode body) {
    for (Map.Entry<String, JsonNode> field : call.defaults().entrySet()) {
      if (option(field.getKey()) == null && !body.has(field.getKey())) {
        body.set(field.getKey(), field.getValue());
      }
    }
    for (Map.Entry<String, JsonNode> field : call.set().entrySet()) {
      if (option(field.getKey()) == null) {
        body.set(field.getKey(), capped(call, field.getKey(), field.getValue()));
      }
    }
  }

  /** A whole configuration of the route's replaces the written one, but not the gateway's cap. */
  private static JsonNode capped(ProviderCall call, String name, JsonNode value) {
    String cap = CONFIGS.get(name);
    if (cap == null || call.maxTokens() < 0 || !(value instanceof ObjectNode config)) {
      return value;
    }
    return config.deepCopy().set(cap, LongNode.valueOf(call.maxTokens()));
  }
}
