package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a Responses object says of itself. */
final class ResponsesAnswer {
  private ResponsesAnswer() {}

  static Usage usage(JsonNode response, @Nullable String model, @Nullable String tier) {
    return OpenAiUsage.responses(
        response.path("usage"),
        response.path("tool_usage"),
        HostedCalls.of(response.path("output")),
        model,
        tier);
  }

  /** Returns the ids under which it and its items may be kept. */
  static List<String> ids(JsonNode response) {
    List<String> ids = new ArrayList<>();
    addId(ids, response);
    response.path("output").forEach(item -> addId(ids, item));
    return ids;
  }

  private static void addId(List<String> ids, JsonNode of) {
    String id = of.path("id").asText("");
    if (!id.isEmpty()) {
      ids.add(id);
    }
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
