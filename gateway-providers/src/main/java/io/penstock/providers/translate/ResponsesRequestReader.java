package io.penstock.providers.translate;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.penstock.providers.translate.Conversation.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads {@code POST /v1/responses} without state at the provider. */
final class ResponsesRequestReader extends RequestReader {
  private static final Map<String, Option> OPTIONS =
      Map.ofEntries(
          entry("max_output_tokens", Option.MAX_TOKENS),
          entry("temperature", Option.TEMPERATURE),
          entry("top_p", Option.TOP_P),
          entry("top_logprobs", Option.TOP_LOGPROBS),
          entry("parallel_tool_calls", Option.PARALLEL_TOOL_CALLS),
          entry("service_tier", Option.SERVICE_TIER),
          entry("user", Option.END_USER),
          entry("safety_identifier", Option.END_USER),
          entry("metadata", Option.METADATA),
          entry("client_metadata", Option.METADATA),
          entry("prompt_cache_key", Option.PROMPT_CACHE),
          entry("prompt_cache_options", Option.PROMPT_CACHE),
          entry("prompt_cache_retention", Option.PROMPT_CACHE));

  private static final Set<String> STRUCTURAL =
      Set.of(
          "input",
          "instructions",
          "model",
          "stream",
          "stream_options",
          "tools",
          "tool_choice",
          "text",
          "reasoning",
          "include",
          "store",
          "truncation",
          "background",
          "previous_response_id",
          "conversation",
          "prompt");

  /** Parts of one assistant turn: Responses has an item for each, other dialects one message. */
  private final List<Part> assistant = new ArrayList<>();

  private String assistantPath = "input";

  ResponsesRequestReader(Fit fit) {
    super(fit);
  }

  @Override
  Conversation read(ObjectNode body) {
    state(body);
    settings(body, "", OPTIONS, STRUCTURAL);
    String instructions = Trees.textOr(body, "instructions");
    if (!instructions.isEmpty()) {
      conversation.add(Role.SYSTEM, List.of(new Part.Text(instructions, null)), "instructions");
    }
    JsonNode input = body.path("input");
    if (input.isTextual()) {
      conversation.add(Role.USER, List.of(new Part.Text(input.textValue(), null)), "input");
    } else {
      JsonNode items = list(body, "input", "input");
      for (int i = 0; i < items.size(); i++) {
        item(object(items.get(i), "input." + i), "input." + i);
      }
      closeAssistant();
    }
    tools(body);
    output(body);
    conversation.validate("input");
    return conversation;
  }

  /** What lives at OpenAI cannot be known by another provider. */
  private void state(ObjectNode body) {
    for (String field : List.of("previous_response_id", "conversation", "prompt")) {
      if (Trees.present(body.get(field))) {
        throw fit.refusal(field, "it names state that only OpenAI holds; send the whole input");
      }
    }
    if (body.path("background").asBoolean()) {
      throw fit.refusal("background", "a response cannot run in the background there");
    }
    if (Trees.textOr(body, "truncation").equals("auto")) {
      fit.unsupported("truncation", "it cannot be kept: the input is sent whole or not at all");
    }
  }

  private void item(ObjectNode item, String path) {
    String type = Trees.text(item, "type");
    switch (type == null ? "message" : type) {
      case "message" -> message(item, path);
      case "function_call" -> {
        said(
            new Part.ToolCall(
                need(item, "call_id", path),
                need(item, "name", path),
                arguments(item.path("arguments"), path + ".arguments"),
                null,
                null),
            path);
      }
      case "function_call_output" -> {
        closeAssistant();
        List<Part> content = content(item.path("output"), path + ".output");
        String id = need(item, "call_id", path);
        conversation.add(Role.USER, List.of(new Part.ToolResult(id, content, false, null)), path);
      }
      case "reasoning" -> said(reasoning(item), path);
      case "item_reference" ->
          throw fit.refusal(path, "it names state that only OpenAI holds; send the item itself");
      default -> fit.unsupported(path, "an item of type \"" + type + "\" has no counterpart there");
    }
  }

  private static Part reasoning(ObjectNode item) {
    StringBuilder text = new StringBuilder();
    for (JsonNode summary : item.path("summary")) {
      text.append(text.isEmpty() ? "" : "\n\n").append(Trees.textOr(summary, "text"));
    }
    String proof = Trees.text(item, "encrypted_content");
    return Signatures.thought(text.toString(), proof);
  }

  private void message(ObjectNode item, String path) {
    String role = need(item, "role", path);
    List<Part> content = content(item.path("content"), path + ".content");
    if (role.equals("assistant")) {
      content.forEach(part -> said(part, path));
      return;
    }
    closeAssistant();
    switch (role) {
      case "user" -> conversation.add(Role.USER, content, path);
      case "system", "developer" -> conversation.add(Role.SYSTEM, content, path);
      default -> throw fit.refusal(path + ".role", "the role \"" + role + "\" is unknown");
    }
  }

  private void said(Part part, String path) {
    if (assistant.isEmpty()) {
      assistantPath = path;
    } else {
      conversation.place(part, path);
    }
    assistant.add(part);
  }

  private void closeAssistant() {
    if (!assistant.isEmpty()) {
      conversation.add(Role.ASSISTANT, List.copyOf(assistant), assistantPath);
      assistant.clear();
    }
  }

  private List<Part> content(JsonNode content, String path) {
    List<Part> parts = new ArrayList<>(2);
    if (content.isTextual()) {
      addText(parts, content.textValue());
    } else if (content.isArray()) {
      for (int i = 0; i < content.size(); i++) {
        part(object(content.get(i), path + "." + i), path + "." + i, parts);
      }
    } else if (Trees.present(content)) {
      throw wrong(path, "a string or a list of parts", content);
    }
    return parts;
  }

  private static void addText(List<Part> parts, String text) {
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text, null));
    }
  }

  private void part(ObjectNode part, String path, List<Part> parts) {
    String type = need(part, "type", path);
    switch (type) {
      case "input_text", "output_text", "text" -> addText(parts, need(part, "text", path));
      case "refusal" -> addText(parts, need(part, "refusal", path));
      case "input_image" -> {
        if (Trees.present(part.get("file_id"))) {
          throw fit.refusal(path + ".file_id", "a file that was uploaded elsewhere is not there");
        }
        Part.Label label = new Part.Label("", Trees.textOr(part, "detail"), null);
        String url = need(part, "image_url", path);
        parts.add(media(Part.Kind.IMAGE, url, label, path + ".image_url"));
      }
      case "input_file" -> parts.add(OpenAiShapes.file(part, path, null, fit));
      default -> throw fit.refusal(path + ".type", "the part \"" + type + "\" is unknown");
    }
  }

  private void tools(ObjectNode body) {
    JsonNode tools = list(body, "tools", "tools");
    for (int i = 0; i < tools.size(); i++) {
      String type = Trees.textOr(tools.get(i), "type");
      if (type.equals("function")) {
        OpenAiShapes.tool(tools.get(i), null, "tools." + i, "", conversation);
      } else {
        fit.unsupported("tools." + i, "a tool of type \"" + type + "\" has no counterpart there");
      }
    }
    JsonNode choice = body.path("tool_choice");
    if (Trees.present(choice)) {
      OpenAiShapes.toolChoice(choice, choice, "tool_choice", conversation, fit);
    }
  }

  private void output(ObjectNode body) {
    JsonNode text = body.path("text");
    if (Trees.present(text.get("format"))) {
      OpenAiShapes.format(text.path("format"), text.path("format"), "text.format", conversation);
    }
    if (Trees.present(text.get("verbosity"))) {
      conversation.set(Option.VERBOSITY, "text.verbosity", text.path("verbosity"));
    }
    JsonNode effort = body.path("reasoning").path("effort");
    if (Trees.present(effort)) {
      conversation.set(Option.REASONING_EFFORT, "reasoning.effort", effort);
    }
    for (JsonNode include : body.path("include")) {
      switch (include.asText()) {
        // Signed thoughts come back whenever there are some.
        case "reasoning.encrypted_content" -> {}
        case "message.output_text.logprobs" ->
            conversation.set(
                Option.LOGPROBS, "include", com.fasterxml.jackson.databind.node.BooleanNode.TRUE);
        default -> fit.unsupported("include", include.asText() + " has no counterpart there");
      }
    }
    if (body.path("store").asBoolean()) {
      conversation.set(Option.STORE, "store", TextNode.valueOf("true"));
    }
  }
}
