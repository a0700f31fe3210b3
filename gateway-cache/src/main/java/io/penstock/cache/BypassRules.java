package io.penstock.cache;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Dialect;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The request fields whose presence means that an answer cannot be reused. */
final class BypassRules {
  private static final JsonFactory JSON = new JsonFactory();

  /** Tool types that the client runs itself; any other named type is run by the provider. */
  private static final Set<String> CLIENT_TOOLS = Set.of("function", "custom", "namespace");

  private static final Set<String> CLIENT_TOOL_PREFIXES =
      Set.of("bash_", "text_editor_", "computer_", "memory_");

  private BypassRules() {}

  /**
   * Returns why the field rules out caching, or null. The parser stands on the value and stays
   * there: tools are looked into with a parser of their own.
   */
  static Keying.@Nullable Reason check(Dialect dialect, String name, JsonParser value, byte[] body)
      throws IOException {
    boolean present = value.currentToken() != JsonToken.VALUE_NULL;
    return switch (name) {
      case "previous_response_id", "conversation", "container", "prompt" ->
          present && isState(name, value) ? Keying.Reason.PROVIDER_STATE : null;
      case "cachedContent", "cached_content" -> present ? Keying.Reason.PROVIDER_STATE : null;
      case "store" ->
          value.currentToken() == JsonToken.VALUE_TRUE ? Keying.Reason.STORED_UPSTREAM : null;
      case "background" ->
          value.currentToken() == JsonToken.VALUE_TRUE ? Keying.Reason.BACKGROUND : null;
      case "web_search_options", "mcp_servers" -> present ? Keying.Reason.HOSTED_TOOLS : null;
      case "tools" ->
          value.currentToken() == JsonToken.START_ARRAY && anyHosted(dialect, value, body)
              ? Keying.Reason.HOSTED_TOOLS
              : null;
      default -> null;
    };
  }

  /** A prompt that is an object names a template kept by the provider; as text it is input. */
  private static boolean isState(String name, JsonParser value) {
    return !name.equals("prompt") || value.currentToken() == JsonToken.START_OBJECT;
  }

  private static boolean anyHosted(Dialect dialect, JsonParser value, byte[] body)
      throws IOException {
    int start = CacheKeys.start(value);
    try (JsonParser tools = JSON.createParser(body, start, body.length - start)) {
      tools.nextToken();
      while (tools.nextToken() == JsonToken.START_OBJECT) {
        if (dialect == Dialect.GEMINI ? isHostedGemini(tools) : isHosted(tools)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isHosted(JsonParser tool) throws IOException {
    boolean hosted = false;
    while (tool.nextToken() == JsonToken.FIELD_NAME) {
      boolean type = tool.currentName().equals("type");
      if (tool.nextToken() == JsonToken.VALUE_STRING && type) {
        hosted = !isClientTool(tool.getText());
      }
      tool.skipChildren();
    }
    return hosted;
  }

  private static boolean isClientTool(String type) {
    return CLIENT_TOOLS.contains(type) || CLIENT_TOOL_PREFIXES.stream().anyMatch(type::startsWith);
  }

  private static boolean isHostedGemini(JsonParser tool) throws IOException {
    boolean hosted = false;
    while (tool.nextToken() == JsonToken.FIELD_NAME) {
      String name = tool.currentName();
      hosted |= !name.equals("functionDeclarations") && !name.equals("function_declarations");
      tool.nextToken();
      tool.skipChildren();
    }
    return hosted;
  }
}
