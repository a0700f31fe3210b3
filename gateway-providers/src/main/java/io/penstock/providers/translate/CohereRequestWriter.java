package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.Set;

/** Writes a Cohere v2 chat request. */
final class CohereRequestWriter extends MessageRequestWriter {
  private static final Set<String> DETAILS = Set.of("auto", "low", "high");

  CohereRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object().put("model", call.target().model());
    messages(body.putArray("messages"));
    tools(body);
    putCap(body, "max_tokens");
    putUpTo(body, "temperature", Option.TEMPERATURE, 1);
    JsonNode topP = conversation.take(Option.TOP_P);
    if (topP != null) {
      // All there is, 1, is just beyond its range.
      body.put("p", Math.clamp(topP.asDouble(), 0.01, 0.99));
    }
    put(body, "k", Option.TOP_K);
    putStops(body, "stop_sequences", 5);
    putUpTo(body, "frequency_penalty", Option.FREQUENCY_PENALTY, 1);
    putUpTo(body, "presence_penalty", Option.PRESENCE_PENALTY, 1);
    put(body, "seed", Option.SEED);
    Format format = conversation.format();
    if (format != null) {
      ObjectNode wanted = body.putObject("response_format").put("type", "json_object");
      if (format.schema() != null) {
        wanted.set("json_schema", format.schema());
      }
    }
    Effort effort = Effort.of(conversation, fit);
    if (effort != null) {
      ObjectNode thinking = body.putObject("thinking");
      thinking.put("type", effort == Effort.NONE ? "disabled" : "enabled");
      if (effort != Effort.NONE) {
        thinking.put("token_budget", effort.budget(conversation));
      }
    }
    body.put("stream", call.stream());
    return body;
  }

  @Override
  boolean joinsText() {
    return false;
  }

  @Override
  void media(ArrayNode content, Part.Media media, String path) {
    if (media.kind() == Part.Kind.IMAGE) {
      ObjectNode image = content.addObject().put("type", "image_url").putObject("image_url");
      image.put("url", uri(media));
      String detail = media.label().detail();
      if (DETAILS.contains(detail)) {
        image.put("detail", detail);
      } else if (!detail.isEmpty()) {
        fit.dropped(path + ".detail");
      }
    } else {
      fit.unsupported(path, "it takes no " + media.describe());
    }
  }

  /** Beside tool calls, what the assistant says is its plan. */
  @Override
  void said(ObjectNode message, String text) {
    if (!text.isEmpty()) {
      message.put(message.has("tool_calls") ? "tool_plan" : "content", text);
    }
  }

  private void tools(ObjectNode body) {
    if (conversation.tools().isEmpty()) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    ToolChoice choice = conversation.toolChoice();
    String only = choice == null ? null : onlyTool(choice);
    ArrayNode tools = body.putArray("tools");
    boolean strict = false;
    for (Tool tool : offeredTools()) {
      if (only != null && !only.equals(tool.name())) {
        continue;
      }
      function(tools, tool, tool.schema());
      strict |= Boolean.TRUE.equals(tool.strict());
    }
    if (strict) {
      body.put("strict_tools", true);
    }
    if (choice != null && choice.mode() != ToolChoice.Mode.AUTO) {
      body.put("tool_choice", choice.mode() == ToolChoice.Mode.ANY ? "REQUIRED" : "NONE");
    }
  }
}
