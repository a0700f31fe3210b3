package io.penstock.cache;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Dialect;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.HostedTool;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The request fields whose presence means that an answer cannot be reused. */
final class BypassRules {
  /** Tool types that the client runs itself; any other named type is run by the provider. */
  private static final Set<String> CLIENT_TOOLS = Set.of("function", "custom", "namespace");

  private static final Set<String> CLIENT_TOOL_PREFIXES =
      Set.of("bash_", "text_editor_", "computer_", "memory_");

  private BypassRules() {}

  /** Returns why the i-th field of the body rules out caching, or null. */
  static Keying.@Nullable Reason check(Dialect dialect, RequestBody body, int i) {
    JsonToken value = body.token(i);
    boolean present = value != JsonToken.VALUE_NULL;
    return switch (body.name(i)) {
      case "previous_response_id", "conversation", "container" ->
          present ? Keying.Reason.PROVIDER_STATE : null;
      // An object names a template kept by the provider; as text it is input.
      case "prompt" -> value == JsonToken.START_OBJECT ? Keying.Reason.PROVIDER_STATE : null;
      case "cachedContent", "cached_content" -> present ? Keying.Reason.PROVIDER_STATE : null;
      case "store" -> value == JsonToken.VALUE_TRUE ? Keying.Reason.STORED_UPSTREAM : null;
      case "background" -> value == JsonToken.VALUE_TRUE ? Keying.Reason.BACKGROUND : null;
      case "tools" -> present && anyHosted(dialect, body, i) ? Keying.Reason.HOSTED_TOOLS : null;
      default -> present && HostedTool.isField(body.name(i)) ? Keying.Reason.HOSTED_TOOLS : null;
    };
  }

  /** Whatever is no list of tools counts as hosted: nobody knows what a provider makes of it. */
  private static boolean anyHosted(Dialect dialect, RequestBody body, int field) {
    try (JsonParser tools = body.parser(field)) {
      boolean hosted = tools.nextToken() != JsonToken.START_ARRAY;
      while (!hosted && tools.nextToken() != JsonToken.END_ARRAY) {
        hosted =
            tools.currentToken() != JsonToken.START_OBJECT
                || (dialect == Dialect.GEMINI ? isHostedGemini(tools) : isHosted(tools));
      }
      return hosted;
    } catch (IOException e) {
      throw new IllegalStateException("a body that was read is not JSON", e);
    }
  }

  private static boolean isHosted(JsonParser tool) throws IOException {
    boolean hosted = false;
    while (tool.nextToken() == JsonToken.FIELD_NAME) {
      boolean type = tool.currentName().equals("type");
      if (tool.nextToken() == JsonToken.VALUE_STRING && type) {
        hosted |= !isClientTool(tool.getText());
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
