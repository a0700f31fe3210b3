package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.Locale;
import java.util.regex.Pattern;

/** Writes a chat completions request. */
final class OpenAiRequestWriter extends MessageRequestWriter {
  /** Models that refuse {@code max_tokens}; compatible servers know only that. */
  private static final Pattern NEW_CAP = Pattern.compile("(?:.*/)?(?:o\\d|gpt-[5-9]).*");

  /** OpenAI's models that do not reason refuse to be told how much. */
  private static final Pattern PLAIN_MODEL = Pattern.compile("(?:.*/)?(?:gpt-[34]|chatgpt-).*");

  /** Models that think always and refuse to be sampled otherwise than by themselves. */
  private static final Pattern FIXED_SAMPLING =
      Pattern.compile("(?:.*/)?(?:o\\d.*|gpt-5(?:-(?:mini|nano|pro|\\d{4}).*)?|gpt-6\\.1-sol.*)");

  /** Models that can be told not to think, and to think more than highly. */
  private static final Pattern FULL_SCALE =
      Pattern.compile("(?:.*/)?gpt-(?:5\\.1-codex-max|5\\.[2-9]|[6-9]).*");

  /** Models that take {@code none}; what others do with it is not known. */
  private static final Pattern TAKES_NONE = Pattern.compile("(?:.*/)?gpt-(?:5\\.[1-9]|[6-9]).*");

  private static final Pattern NO_STOP = Pattern.compile("(?:.*/)?(?:o3|o4-mini).*");

  /** Characters of {@code user}. */
  private static final int MOST_USER = 64;

  OpenAiRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object().put("model", call.target().model());
    messages(body.putArray("messages"));
    tools(body);
    putCap(
        body,
        NEW_CAP.matcher(call.target().model()).matches() ? "max_completion_tokens" : "max_tokens");
    refuseFixed(Option.TEMPERATURE, FIXED_SAMPLING, 1);
    refuseFixed(Option.TOP_P, FIXED_SAMPLING, 1);
    refuseFixed(Option.STOP, NO_STOP, Double.NaN);
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
    user(body);
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

  /**
   * Anthropic's clients name accounts and sessions: strangers get a hash of that, as of a name that
   * is too long for OpenAI.
   */
  private void user(ObjectNode body) {
    Conversation.Setting user = conversation.peek(Option.END_USER);
    conversation.take(Option.END_USER);
    if (user == null) {
      return;
    }
    String name = user.value().asText();
    boolean foreign = user.param().equals(MessagesRequestReader.USER_ID);
    body.put("user", foreign || name.length() > MOST_USER ? hash(name) : name);
  }

  /** Models of that kind take the setting only at its default. */
  private void refuseFixed(Option option, Pattern models, double standard) {
    Conversation.Setting setting = conversation.peek(option);
    if (setting != null
        && models.matcher(call.target().model()).matches()
        && setting.value().asDouble() != standard) {
      fit.unsupported(setting.param(), "this model does not take it");
      conversation.drop(option);
    }
  }

  private void reasoning(ObjectNode body) {
    Effort effort = Effort.of(conversation, fit);
    if (effort == null) {
      return;
    }
    String param = Effort.param(conversation);
    if (effort == Effort.NONE && FIXED_SAMPLING.matcher(call.target().model()).matches()) {
      fit.unsupported(param, "this model always thinks");
    } else if (PLAIN_MODEL.matcher(call.target().model()).matches()) {
      if (effort != Effort.NONE) {
        fit.unsupported(param, "this model does not think");
      }
    } else if (param.startsWith("reasoning")) {
      // The client, or the route, has said it in the provider's own words.
      body.put("reasoning_effort", effort.word());
    } else {
      converted(body, effort, param);
    }
  }

  /** Writes what was said in another dialect, no further than the model is known to go. */
  private void converted(ObjectNode body, Effort effort, String param) {
    String model = call.target().model();
    if (effort == Effort.NONE && !TAKES_NONE.matcher(model).matches()) {
      // It may be one that never thinks, and refuses to be told so.
      fit.dropped(param);
      return;
    }
    boolean beyond = effort.compareTo(Effort.HIGH) > 0 && !FULL_SCALE.matcher(model).matches();
    body.put("reasoning_effort", (beyond ? Effort.HIGH : effort).word());
  }

  @Override
  boolean takesThoughts() {
    return "on".equals(call.target().options().get("reasoning_content"));
  }

  @Override
  boolean joinsText() {
    return true;
  }

  @Override
  void media(ArrayNode content, Part.Media media, String path) {
    switch (media.kind()) {
      case IMAGE -> {
        ObjectNode image = content.addObject().put("type", "image_url").putObject("image_url");
        image.put("url", uri(media));
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
            .put("file_data", uri(media));
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

  @Override
  void said(ObjectNode message, String text) {
    if (text.isEmpty() && message.has("tool_calls")) {
      message.putNull("content");
    } else {
      message.put("content", text);
    }
  }

  private void tools(ObjectNode body) {
    if (conversation.tools().isEmpty()) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    checkToolNames(PLAIN_ID);
    ArrayNode tools = body.putArray("tools");
    for (Tool tool : conversation.tools()) {
      ObjectNode function = function(tools, tool, withProperties(tool.schema()));
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

  /** OpenAI refuses an object without them, which other dialects and MCP take for no parameters. */
  private static ObjectNode withProperties(ObjectNode schema) {
    if (!"object".equals(Trees.text(schema, "type")) || Trees.present(schema.get("properties"))) {
      return schema;
    }
    // The client's own tools are shown in its answer: they stay as they are.
    ObjectNode complete = Trees.object().setAll(schema);
    complete.putObject("properties");
    return complete;
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
