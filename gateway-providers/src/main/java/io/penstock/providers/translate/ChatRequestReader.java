package io.penstock.providers.translate;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.GatewayException;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code POST /v1/chat/completions}. */
final class ChatRequestReader extends RequestReader {
  static final Map<String, Option> OPTIONS =
      Map.ofEntries(
          entry("max_tokens", Option.MAX_TOKENS),
          entry("max_completion_tokens", Option.MAX_TOKENS),
          entry("temperature", Option.TEMPERATURE),
          entry("top_p", Option.TOP_P),
          entry("top_k", Option.TOP_K),
          entry("stop", Option.STOP),
          entry("frequency_penalty", Option.FREQUENCY_PENALTY),
          entry("presence_penalty", Option.PRESENCE_PENALTY),
          entry("logit_bias", Option.LOGIT_BIAS),
          entry("logprobs", Option.LOGPROBS),
          entry("top_logprobs", Option.TOP_LOGPROBS),
          entry("n", Option.CHOICES),
          entry("parallel_tool_calls", Option.PARALLEL_TOOL_CALLS),
          entry("reasoning_effort", Option.REASONING_EFFORT),
          entry("service_tier", Option.SERVICE_TIER),
          entry("modalities", Option.MODALITIES),
          entry("audio", Option.AUDIO),
          entry("seed", Option.SEED),
          entry("user", Option.END_USER),
          entry("safety_identifier", Option.END_USER),
          entry("metadata", Option.METADATA),
          entry("store", Option.STORE),
          entry("verbosity", Option.VERBOSITY),
          entry("prediction", Option.PREDICTION),
          entry("prompt_cache_key", Option.PROMPT_CACHE),
          entry("prompt_cache_options", Option.PROMPT_CACHE),
          entry("prompt_cache_retention", Option.PROMPT_CACHE));

  private static final Set<String> STRUCTURAL =
      Set.of(
          "messages",
          "model",
          "stream",
          "stream_options",
          "tools",
          "tool_choice",
          "functions",
          "function_call",
          "response_format");

  /** The old shape's calls have no ids: the last one of each function, which its result answers. */
  private final Map<String, String> called = new HashMap<>();

  private int madeCalls;

  ChatRequestReader(Fit fit) {
    super(fit);
  }

  @Override
  Conversation read(ObjectNode body) {
    JsonNode old = body.path("max_tokens");
    JsonNode cap = body.path("max_completion_tokens");
    if (Trees.present(old) && Trees.present(cap) && old.asLong() != cap.asLong()) {
      throw GatewayException.invalid(
          "max_tokens", "\"max_tokens\" and \"max_completion_tokens\" differ: send one of them.");
    }
    settings(body, "", OPTIONS, STRUCTURAL);
    JsonNode messages = list(body, "messages", "messages");
    for (int i = 0; i < messages.size(); i++) {
      message(object(messages.get(i), "messages." + i), "messages." + i);
    }
    tools(body);
    JsonNode format = body.path("response_format");
    if (Trees.present(format)) {
      OpenAiShapes.format(format, format.path("json_schema"), "response_format", conversation);
    }
    conversation.validate("messages");
    return conversation;
  }

  private void message(ObjectNode message, String path) {
    String role = need(message, "role", path);
    if (Trees.present(message.get("name")) && !role.equals("tool") && !role.equals("function")) {
      fit.dropped(path + ".name");
    }
    switch (role) {
      case "system", "developer" ->
          conversation.add(Role.SYSTEM, content(message.path("content"), path), path);
      case "user" -> conversation.add(Role.USER, content(message.path("content"), path), path);
      case "assistant" -> conversation.add(Role.ASSISTANT, assistant(message, path), path);
      case "tool", "function" -> {
        String id = Trees.text(message, role.equals("tool") ? "tool_call_id" : "name");
        id = role.equals("tool") || id == null ? id : called.getOrDefault(id, id);
        if (id == null) {
          throw wrong(
              path + ".tool_call_id", "the id of a tool call", message.path("tool_call_id"));
        }
        List<Part> content = content(message.path("content"), path);
        conversation.add(
            Role.USER, List.of(new Part.ToolResult(id, content, false, cache(message))), path);
      }
      default ->
          throw fit.refusal(
              path + ".role",
              "the role \""
                  + role
                  + "\" is unknown (expected: developer, system, user, assistant or tool)");
    }
  }

  private List<Part> content(JsonNode content, String path) {
    List<Part> parts = new ArrayList<>(2);
    if (content.isTextual()) {
      addText(parts, content.textValue(), content);
    } else if (content.isArray()) {
      for (int i = 0; i < content.size(); i++) {
        part(object(content.get(i), path + ".content." + i), path + ".content." + i, parts);
      }
    } else if (Trees.present(content)) {
      throw wrong(path + ".content", "a string or a list of parts", content);
    }
    return parts;
  }

  private static void addText(List<Part> parts, String text, JsonNode source) {
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text, cache(source)));
    }
  }

  private void part(ObjectNode part, String path, List<Part> parts) {
    String type = need(part, "type", path);
    switch (type) {
      case "text" -> addText(parts, need(part, "text", path), part);
      case "refusal" -> addText(parts, need(part, "refusal", path), part);
      case "image_url" -> {
        JsonNode image = part.path("image_url");
        String url =
            image.isTextual() ? image.textValue() : need(image, "url", path + ".image_url");
        Part.Label label = new Part.Label("", Trees.textOr(image, "detail"), cache(part));
        parts.add(media(Part.Kind.IMAGE, url, label, path + ".image_url.url"));
      }
      case "input_audio" -> {
        JsonNode audio = part.path("input_audio");
        String mime = "audio/" + need(audio, "format", path + ".input_audio");
        String data = need(audio, "data", path + ".input_audio");
        parts.add(new Part.Media(Part.Kind.AUDIO, mime, data, null, Part.Label.NONE));
      }
      case "file" ->
          parts.add(OpenAiShapes.file(part.path("file"), path + ".file", cache(part), fit));
      default -> throw fit.refusal(path + ".type", "the part \"" + type + "\" is unknown");
    }
  }

  private List<Part> assistant(ObjectNode message, String path) {
    List<Part> parts = new ArrayList<>(3);
    OpenAiShapes.thoughts(message, parts);
    parts.addAll(content(message.path("content"), path));
    addText(parts, Trees.textOr(message, "refusal"), message);
    if (Trees.present(message.get("audio"))) {
      fit.unsupported(path + ".audio", "sound that a model spoke before cannot be sent back");
    }
    images(message, path + ".images", parts);
    JsonNode calls = list(message, "tool_calls", path + ".tool_calls");
    for (int i = 0; i < calls.size(); i++) {
      call(calls.get(i), path + ".tool_calls." + i, parts);
    }
    JsonNode old = message.path("function_call");
    if (Trees.present(old)) {
      String name = need(old, "name", path + ".function_call");
      ObjectNode arguments = arguments(old.path("arguments"), path + ".function_call.arguments");
      String id = "function_" + madeCalls++ + "_" + name;
      called.put(name, id);
      parts.add(new Part.ToolCall(id, name, arguments, null, null));
    }
    return parts;
  }

  /** Reads what the model drew, as an answer had it. */
  private void images(JsonNode message, String path, List<Part> parts) {
    JsonNode images = list(message, "images", path);
    for (int i = 0; i < images.size(); i++) {
      String url = need(images.get(i).path("image_url"), "url", path + "." + i + ".image_url");
      Part image =
          media(Part.Kind.IMAGE, url, Part.Label.NONE, path + "." + i + ".image_url.url")
              .signed(signature(images.get(i)));
      conversation.place(image, path + "." + i);
      parts.add(image);
    }
  }

  private void call(JsonNode call, String path, List<Part> parts) {
    if (Trees.textOr(call, "type").equals("custom")) {
      throw fit.refusal(path + ".type", "a custom tool's free text has no counterpart");
    }
    JsonNode function = call.path("function");
    parts.add(
        new Part.ToolCall(
            need(call, "id", path),
            need(function, "name", path + ".function"),
            arguments(function.path("arguments"), path + ".function.arguments"),
            signature(call),
            cache(call)));
  }

  private static @Nullable String signature(JsonNode entry) {
    return Trees.text(entry.path("extra_content").path("google"), "thought_signature");
  }

  private void tools(ObjectNode body) {
    JsonNode tools = list(body, "tools", "tools");
    for (int i = 0; i < tools.size(); i++) {
      JsonNode tool = tools.get(i);
      String type = Trees.textOr(tool, "type");
      if (type.equals("function")) {
        OpenAiShapes.tool(
            tool.path("function"), cache(tool), "tools." + i, ".function", conversation);
      } else {
        fit.unsupported("tools." + i, "a tool of type \"" + type + "\" has no counterpart there");
      }
    }
    JsonNode functions = list(body, "functions", "functions");
    for (int i = 0; i < functions.size(); i++) {
      OpenAiShapes.tool(functions.get(i), null, "functions." + i, "", conversation);
      conversation.limitToOneCall();
    }
    JsonNode choice = body.path("tool_choice");
    if (Trees.present(choice)) {
      OpenAiShapes.toolChoice(choice, choice.path("function"), "tool_choice", conversation, fit);
    }
    JsonNode old = body.path("function_call");
    if (old.isObject()) {
      conversation.toolChoice(
          new ToolChoice(
              ToolChoice.Mode.ANY, List.of(need(old, "name", "function_call")), "function_call"));
    } else if (old.isTextual()) {
      OpenAiShapes.toolChoice(old, old, "function_call", conversation, fit);
    }
  }
}
