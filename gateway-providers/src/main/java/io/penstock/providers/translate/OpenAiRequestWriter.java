package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Writes a chat completions request. */
final class OpenAiRequestWriter extends RequestWriter {
  /** Models that refuse {@code max_tokens}; compatible servers know only that. */
  private static final Pattern NEW_CAP = Pattern.compile("(?:.*/)?(?:o\\d|gpt-[5-9]).*");

  /** OpenAI's models that do not reason refuse to be told how much. */
  private static final Pattern PLAIN_MODEL = Pattern.compile("(?:.*/)?(?:gpt-[34]|chatgpt-).*");

  OpenAiRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object().put("model", call.target().model());
    ArrayNode messages = body.putArray("messages");
    for (Turn turn : conversation.turns()) {
      if (turn.role() == Role.ASSISTANT) {
        assistant(messages.addObject().put("role", "assistant"), turn);
      } else {
        speaker(messages, turn);
      }
    }
    tools(body);
    putCap(
        body,
        NEW_CAP.matcher(call.target().model()).matches() ? "max_completion_tokens" : "max_tokens");
    putUpTo(body, "temperature", Option.TEMPERATURE, 2);
    put(body, "top_p", Option.TOP_P);
    putStops(body, "stop", 4);
    put(body, "frequency_penalty", Option.FREQUENCY_PENALTY);
    put(body, "presence_penalty", Option.PRESENCE_PENALTY);
    put(body, "logit_bias", Option.LOGIT_BIAS);
    put(body, "logprobs", Option.LOGPROBS);
    put(body, "top_logprobs", Option.TOP_LOGPROBS);
    if (body.has("top_logprobs")) {
      body.put("logprobs", true);
    }
    put(body, "n", Option.CHOICES);
    put(body, "seed", Option.SEED);
    put(body, "user", Option.END_USER);
    put(body, "service_tier", Option.SERVICE_TIER);
    put(body, "verbosity", Option.VERBOSITY);
    put(body, "prediction", Option.PREDICTION);
    reasoning(body);
    format(body);
    if (call.stream()) {
      body.put("stream", true);
      // Some providers report usage anyway and refuse the field.
      if (!"off".equals(call.target().options().get("stream_options"))) {
        body.putObject("stream_options").put("include_usage", true);
      }
    }
    return body;
  }

  private void reasoning(ObjectNode body) {
    Effort effort = Effort.of(conversation, fit);
    if (effort == null) {
      return;
    }
    if (!PLAIN_MODEL.matcher(call.target().model()).matches()) {
      body.put("reasoning_effort", effort.word());
    } else if (effort != Effort.NONE) {
      fit.unsupported(Effort.param(conversation), "this model does not think");
    }
  }

  /** A system or user turn; tool results become messages of their own, before what else is said. */
  private void speaker(ArrayNode messages, Turn turn) {
    List<Part> said = new ArrayList<>();
    List<Part> shown = new ArrayList<>();
    for (Part part : turn.parts()) {
      if (part instanceof Part.ToolResult result) {
        String text = plainText(result.content());
        messages
            .addObject()
            .put("role", "tool")
            .put("tool_call_id", result.id())
            .put("content", result.error() ? "Error: " + text : text);
        // Tool messages are text only: what a tool shows follows as the user's.
        result.content().stream().filter(Part.Media.class::isInstance).forEach(shown::add);
      } else {
        said.add(part);
      }
    }
    shown.addAll(said);
    if (shown.isEmpty()) {
      return;
    }
    ObjectNode message = messages.addObject();
    message.put("role", turn.role() == Role.SYSTEM ? "system" : "user");
    if (shown.stream().allMatch(Part.Text.class::isInstance)) {
      List<String> texts = shown.stream().map(part -> ((Part.Text) part).text()).toList();
      message.put("content", String.join("\n\n", texts));
    } else {
      ArrayNode content = message.putArray("content");
      shown.forEach(part -> part(content, part, turn.path()));
    }
  }

  private void part(ArrayNode content, Part part, String path) {
    switch (part) {
      case Part.Text text -> content.addObject().put("type", "text").put("text", text.text());
      case Part.Media media -> media(content, media, path);
      // Only the assistant calls and thinks; results were taken out before.
      case Part.ToolCall call ->
          throw fit.refusal(path, "a user cannot call the tool " + call.name());
      case Part.Thinking thinking -> fit.dropped(path + ".thinking");
      case Part.ToolResult result -> throw fit.refusal(path, "a nested tool result " + result.id());
    }
  }

  private void media(ArrayNode content, Part.Media media, String path) {
    String uri =
        media.url() != null ? media.url() : "data:" + media.mime() + ";base64," + media.data();
    switch (media.kind()) {
      case IMAGE -> {
        ObjectNode image = content.addObject().put("type", "image_url").putObject("image_url");
        image.put("url", uri);
        if (!media.label().detail().isEmpty()) {
          image.put("detail", media.label().detail());
        }
      }
      case DOCUMENT -> {
        if (media.data() == null) {
          fit.unsupported(path, "a document behind a URL must be sent as data");
          return;
        }
        String name = media.label().name();
        content
            .addObject()
            .put("type", "file")
            .putObject("file")
            .put("filename", name.isEmpty() ? "document.pdf" : name)
            .put("file_data", uri);
      }
      case AUDIO -> {
        String format = media.mime().replace("audio/", "").toLowerCase(Locale.ROOT);
        format = format.equals("mpeg") ? "mp3" : format.equals("x-wav") ? "wav" : format;
        if (media.data() == null || !(format.equals("mp3") || format.equals("wav"))) {
          fit.unsupported(path, "it takes sound as wav or mp3 data, not " + media.mime());
          return;
        }
        content
            .addObject()
            .put("type", "input_audio")
            .putObject("input_audio")
            .put("data", media.data())
            .put("format", format);
      }
      case VIDEO -> fit.unsupported(path, "it takes no video");
    }
  }

  private void assistant(ObjectNode message, Turn turn) {
    StringBuilder text = new StringBuilder();
    for (Part part : turn.parts()) {
      switch (part) {
        case Part.Text words -> text.append(words.text());
        case Part.ToolCall made ->
            Trees.arrayIn(message, "tool_calls")
                .addObject()
                .put("id", made.id())
                .put("type", "function")
                .putObject("function")
                .put("name", made.name())
                .put("arguments", Trees.string(made.arguments()));
        // Thoughts of another model as text would leak and cost; nobody there can check them.
        case Part.Thinking thinking -> {}
        case Part.Media media ->
            fit.unsupported(
                turn.path(), "an assistant's " + media.describe() + " cannot be sent back");
        case Part.ToolResult result ->
            throw fit.refusal(turn.path(), "an assistant cannot answer " + result.id());
      }
    }
    if (text.isEmpty() && message.has("tool_calls")) {
      message.putNull("content");
    } else {
      message.put("content", text.toString());
    }
  }

  private void tools(ObjectNode body) {
    if (conversation.tools().isEmpty()) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    ArrayNode tools = body.putArray("tools");
    for (Tool tool : conversation.tools()) {
      ObjectNode function = tools.addObject().put("type", "function").putObject("function");
      function.put("name", tool.name());
      if (!tool.description().isEmpty()) {
        function.put("description", tool.description());
      }
      function.set("parameters", tool.schema());
      if (tool.strict() != null) {
        function.put("strict", tool.strict());
      }
    }
    put(body, "parallel_tool_calls", Option.PARALLEL_TOOL_CALLS);
    ToolChoice choice = conversation.toolChoice();
    if (choice != null) {
      choice(body, choice);
    }
  }

  private static void choice(ObjectNode body, ToolChoice choice) {
    String only = onlyTool(choice);
    String word =
        switch (choice.mode()) {
          case AUTO -> "auto";
          case ANY -> "required";
          case NONE -> "none";
        };
    if (only != null) {
      body.putObject("tool_choice").put("type", "function").putObject("function").put("name", only);
    } else if (choice.names().isEmpty()) {
      body.put("tool_choice", word);
    } else {
      ObjectNode allowed =
          body.putObject("tool_choice").put("type", "allowed_tools").putObject("allowed_tools");
      ArrayNode names = allowed.put("mode", word).putArray("tools");
      for (String name : choice.names()) {
        names.addObject().put("type", "function").putObject("function").put("name", name);
      }
    }
  }

  private void format(ObjectNode body) {
    Format format = conversation.format();
    if (format == null) {
      return;
    }
    ObjectNode wanted = body.putObject("response_format");
    if (format.schema() == null) {
      wanted.put("type", "json_object");
      return;
    }
    ObjectNode schema = wanted.put("type", "json_schema").putObject("json_schema");
    schema.put("name", format.name().isEmpty() ? "answer" : format.name());
    schema.set("schema", format.schema());
    if (format.strict() != null) {
      schema.put("strict", format.strict());
    }
  }
}
