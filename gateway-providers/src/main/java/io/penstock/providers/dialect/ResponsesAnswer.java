package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Usage;
import org.jspecify.annotations.Nullable;

/** What a Responses object says of itself. */
final class ResponsesAnswer {
  private ResponsesAnswer() {}

  static Usage usage(JsonNode response, @Nullable String model, @Nullable String tier) {
    return OpenAiUsage.responses(response.path("usage"), response.path("tool_usage"), model, tier);
  }

  /** Returns why it stopped in the words of chat. */
  static String finish(JsonNode response) {
    if (response.path("status").asText().equals("incomplete")) {
      String reason = response.path("incomplete_details").path("reason").asText();
      return reason.equals("content_filter") ? "content_filter" : "length";
    }
    for (JsonNode item : response.path("output")) {
      String type = item.path("type").asText();
      if (type.equals("function_call") || type.equals("custom_tool_call")) {
        return "tool_calls";
      }
    }
    return "stop";
  }
}
