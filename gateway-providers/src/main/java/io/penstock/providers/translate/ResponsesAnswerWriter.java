package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.ErrorCode;
import io.penstock.core.price.Usage;
import io.penstock.providers.Closing;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of a response: items one after the other, ids the same in all events, and the
 * whole response in the last one.
 *
 * <pre>
 *   created in_progress (item.added item-events* item.done)* completed | incomplete | failed
 * </pre>
 */
final class ResponsesAnswerWriter extends AnswerWriter {
  private final ResponsesItems items;
  private final ObjectNode response = Trees.object();
  private Finish finish = Finish.STOP;
  private int openTool = -1;

  ResponsesAnswerWriter(Context context, Outlet out) {
    super(context, out);
    this.items = new ResponsesItems(out);
  }

  @Override
  public void start(String providerId, String model) {
    String own = providerId.isEmpty() ? context.id() : providerId;
    String id = own.startsWith("resp_") ? own : "resp_" + own;
    items.start(id.substring(5));
    ObjectNode request = context.request();
    response.put("id", id).put("object", "response").put("created_at", context.created());
    response.put("status", "in_progress").putNull("error").putNull("incomplete_details");
    for (String echoed :
        new String[] {"instructions", "max_output_tokens", "temperature", "top_p", "user"}) {
      response.set(echoed, request.get(echoed));
    }
    response.put("model", context.shown(model)).putArray("output");
    response.put("parallel_tool_calls", request.path("parallel_tool_calls").asBoolean(true));
    response.putNull("previous_response_id");
    response.set(
        "reasoning",
        request.path("reasoning").isObject() ? request.get("reasoning") : Trees.object());
    // Nothing is kept here, whatever was asked for.
    response.put("store", false);
    JsonNode text = request.path("text");
    if (text.has("format")) {
      response.set("text", text);
    } else {
      response.putObject("text").putObject("format").put("type", "text");
    }
    JsonNode choice = request.path("tool_choice");
    if (Trees.present(choice)) {
      response.set("tool_choice", choice);
    } else {
      response.put("tool_choice", "auto");
    }
    response.set("tools", request.path("tools").isArray() ? request.get("tools") : Trees.array());
    response.put("truncation", "disabled");
    response.set(
        "metadata", request.path("metadata").isObject() ? request.get("metadata") : Trees.object());
    response.putNull("usage");
    whole("response.created");
    whole("response.in_progress");
  }

  private void whole(String type) {
    ObjectNode event = items.event(type);
    event.set("response", response);
    out.event(type, event, false);
  }

  @Override
  public void text(int choice, String text, @Nullable JsonNode logprobs) {
    if (!text.isEmpty()) {
      items.text(text, logprobs);
    }
  }

  @Override
  public void thinking(int choice, String text) {
    items.thinking(text);
  }

  @Override
  public void signature(int choice, String signature) {
    items.proof(signature);
  }

  @Override
  public void redacted(int choice, String data) {
    items.proof(Signatures.opaque(data));
  }

  @Override
  public void refusal(int choice, String text) {
    items.refusal(text);
  }

  @Override
  public void toolCall(int choice, int tool, String id, String name, @Nullable String signature) {
    if (signature != null) {
      items.proof(signature);
    }
    openTool = tool;
    items.toolCall(callId(id, response.path("id").asText(), choice, tool), name);
  }

  @Override
  public void toolArguments(int choice, int tool, String fragment) {
    if (tool != openTool) {
      throw Trees.malformed("arguments of a tool call came after the call was over");
    }
    items.toolArguments(fragment);
  }

  @Override
  public void citation(int choice, Citation citation) {
    items.citation(citation);
  }

  @Override
  public void finish(int choice, Finish reason, @Nullable String stopSequence) {
    finish = reason;
  }

  @Override
  void end(Usage usage, @Nullable String penstock) {
    String reason =
        switch (finish) {
          case LENGTH -> "max_output_tokens";
          case CONTENT_FILTER, REFUSAL -> "content_filter";
          default -> null;
        };
    String status = reason == null ? "completed" : "incomplete";
    items.close(status);
    response.set("output", items.output());
    if (tells(usage)) {
      response.set("usage", UsageWriters.responses(usage));
    }
    response.put("status", status);
    if (reason != null) {
      response.putObject("incomplete_details").put("reason", reason);
    }
    note(penstock);
    whole(reason == null ? "response.completed" : "response.incomplete");
  }

  @Override
  void error(Closing.Broken why, @Nullable String penstock) {
    note(penstock);
    ArrayNode done = items.output();
    response.set("output", done);
    response.put("status", "failed");
    String message = why.message() + " (" + why.code().code() + ")";
    response.putObject("error").put("code", openAis(why.code())).put("message", message);
    whole("response.failed");
  }

  /** A response that failed has one of OpenAI's codes: strict SDKs cannot read any other. */
  private static String openAis(ErrorCode code) {
    return switch (code.status()) {
      case 429 -> "rate_limit_exceeded";
      case 400 -> "invalid_prompt";
      default -> "server_error";
    };
  }
}
