package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writes a Gemini {@code generateContent} request, for the Gemini API and Vertex AI. */
final class GeminiRequestWriter extends RequestWriter {
  /** Models that think by budget; later ones by level. */
  private static final Pattern BY_BUDGET = Pattern.compile("(?:.*/)?gemini-[12]\\..*");

  /** Where Gemini itself fetches a file from. */
  static final Pattern OWN_FILES =
      Pattern.compile(
          "gs://.*|https://generativelanguage\\.googleapis\\.com/.*|https://(?:www\\.)?youtube\\.com/.*|https://youtu\\.be/.*");

  private static final Pattern TOOL_NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}");

  private static final String SIGNATURE = CarriedSignature.FIELD;

  private final Map<String, String> names = new HashMap<>();

  /** What results show that models before Gemini 3 take only behind the results. */
  private final ArrayNode behind = Trees.array();

  GeminiRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object();
    int count = systemTurns();
    if (count > 0) {
      ArrayNode parts = body.putObject("systemInstruction").putArray("parts");
      for (Turn turn : conversation.turns().subList(0, count)) {
        turn.parts().forEach(part -> part(parts, part, turn.path()));
      }
    }
    ArrayNode contents = body.putArray("contents");
    for (Turn turn : alternating()) {
      turn(contents.addObject(), turn);
    }
    tools(body);
    ObjectNode config = Trees.object();
    config(config);
    if (!config.isEmpty()) {
      body.set("generationConfig", config);
    }
    tier(body);
    return body;
  }

  private void turn(ObjectNode content, Turn turn) {
    boolean model = turn.role() == Role.ASSISTANT;
    ArrayNode parts = content.put("role", model ? "model" : "user").putArray("parts");
    CarriedSignature carried = new CarriedSignature(parts);
    boolean called = false;
    for (Part part : turn.parts()) {
      if (!(part instanceof Part.ToolResult)) {
        showBehind(parts);
      }
      if (part instanceof Part.Thinking thought) {
        String own = Signatures.untag(Dialect.GEMINI, thought.signature());
        if (own != null) {
          carried.carry(own, thought.text().isEmpty());
        }
      } else if (part instanceof Part.ToolCall made) {
        names.put(made.id(), made.name());
        String signature = carried.ofCall(Signatures.untag(Dialect.GEMINI, made.signature()));
        call(parts, made, signature == null && !called ? missing() : signature);
        called = true;
      } else if (part instanceof Part.Media media && media.signature() != null) {
        carried.settle();
        signed(parts, media, conversation.pathOf(turn, part));
      } else {
        carried.behind();
        part(parts, part, conversation.pathOf(turn, part));
        carried.written();
      }
    }
    carried.settle();
    if (model && missing() != null) {
      CarriedSignature.lacking(parts);
    }
    showBehind(parts);
    if (parts.isEmpty()) {
      throw fit.refusal(turn.path(), "nothing is left of this message");
    }
  }

  private void signed(ArrayNode parts, Part.Media media, String path) {
    int before = parts.size();
    media(parts, media, path);
    String own = Signatures.untag(Dialect.GEMINI, media.signature());
    if (own != null && parts.size() > before) {
      ((ObjectNode) parts.get(before)).put(SIGNATURE, own);
    }
  }

  private void showBehind(ArrayNode parts) {
    parts.addAll(behind);
    behind.removeAll();
  }

  private boolean isBeforeThree() {
    return BY_BUDGET.matcher(call.target().model()).matches();
  }

  private @Nullable String missing() {
    return isBeforeThree() ? null : CarriedSignature.NONE;
  }

  private void call(ArrayNode parts, Part.ToolCall made, @Nullable String signature) {
    ObjectNode part = parts.addObject();
    ObjectNode function = part.putObject("functionCall");
    if (call.target().dialect() != Dialect.VERTEX) {
      function.put("id", made.id());
    }
    function.put("name", made.name()).set("args", made.arguments());
    if (signature != null) {
      part.put(SIGNATURE, signature);
    }
  }

  private void part(ArrayNode parts, Part part, String path) {
    switch (part) {
      case Part.Text text -> parts.addObject().put("text", text.text());
      case Part.Media media -> media(parts, media, path);
      case Part.ToolResult result -> result(parts, result, path);
      case Part.ToolCall made -> call(parts, made, null);
      case Part.Thinking thought -> {}
    }
  }

  private void result(ArrayNode parts, Part.ToolResult result, String path) {
    ObjectNode response = parts.addObject().putObject("functionResponse");
    if (call.target().dialect() != Dialect.VERTEX) {
      response.put("id", result.id());
    }
    response.put("name", names.getOrDefault(result.id(), result.id()));
    String text = plainText(result.content());
    if (result.error()) {
      response.putObject("response").put("error", text);
    } else if (text.startsWith("{") && Trees.parse(text) instanceof ObjectNode object) {
      response.set("response", object);
    } else {
      response.putObject("response").put("result", text);
    }
    for (Part shown : result.content()) {
      if (shown instanceof Part.Media media) {
        media(isBeforeThree() ? behind : Trees.arrayIn(response, "parts"), media, path);
      }
    }
  }

  private void media(ArrayNode parts, Part.Media media, String path) {
    if (!media.label().detail().isEmpty() && !media.label().detail().equals("auto")) {
      fit.dropped(path + ".detail");
    }
    if (media.url() == null) {
      if (media.kind() == Part.Kind.DOCUMENT
          && !media.mime().equals("application/pdf")
          && !media.mime().startsWith("text/")) {
        fit.unsupported(path, "it takes documents as PDF or text, not " + media.mime());
        return;
      }
      if (media.kind() == Part.Kind.DOCUMENT && !media.label().name().isEmpty()) {
        boolean titled = call.endpoint().dialect() == Dialect.ANTHROPIC;
        fit.dropped(path + (titled ? ".title" : ".filename"));
      }
      ObjectNode data = parts.addObject().putObject("inlineData");
      data.put("mimeType", media.mime()).put("data", media.data());
    } else if (OWN_FILES.matcher(media.url()).matches()) {
      ObjectNode data = parts.addObject().putObject("fileData");
      if (!media.mime().isEmpty()) {
        data.put("mimeType", media.mime());
      }
      data.put("fileUri", media.url());
    } else {
      fit.unsupported(path, "it does not fetch URLs, and neither does the gateway; send the data");
    }
  }

  private void tools(ObjectNode body) {
    if (conversation.tools().isEmpty()) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    checkToolNames(TOOL_NAME);
    boolean strict = false;
    ArrayNode functions = body.putArray("tools").addObject().putArray("functionDeclarations");
    ToolChoice choice = conversation.toolChoice();
    boolean any = choice != null && choice.mode() == ToolChoice.Mode.ANY;
    for (Tool tool : any ? conversation.tools() : offeredTools()) {
      ObjectNode function = functions.addObject().put("name", tool.name());
      if (!tool.description().isEmpty()) {
        function.put("description", tool.description());
      }
      if (!takesNothing(tool.schema())) {
        function.set("parametersJsonSchema", tool.schema());
      }
      strict |= Boolean.TRUE.equals(tool.strict());
    }
    if (choice == null && !strict) {
      return;
    }
    ObjectNode config = body.putObject("toolConfig").putObject("functionCallingConfig");
    ToolChoice.Mode mode = choice == null ? ToolChoice.Mode.AUTO : choice.mode();
    config.put("mode", mode == ToolChoice.Mode.AUTO && strict ? "VALIDATED" : mode.name());
    if (any && choice != null && !choice.names().isEmpty()) {
      choice.names().forEach(Trees.arrayIn(config, "allowedFunctionNames")::add);
    }
  }

  /** An object without properties is refused there: such a function declares no parameters. */
  private static boolean takesNothing(ObjectNode schema) {
    for (Map.Entry<String, JsonNode> field : schema.properties()) {
      boolean nothing =
          switch (field.getKey()) {
            case "type", "description", "title", "$schema" -> true;
            case "additionalProperties" -> field.getValue().isBoolean();
            default -> field.getValue().isContainerNode() && field.getValue().isEmpty();
          };
      if (!nothing) {
        return false;
      }
    }
    return true;
  }

  private void config(ObjectNode config) {
    putCap(config, "maxOutputTokens");
    putUpTo(config, "temperature", Option.TEMPERATURE, 2);
    put(config, "topP", Option.TOP_P);
    put(config, "topK", Option.TOP_K);
    putStops(config, "stopSequences", 5);
    put(config, "frequencyPenalty", Option.FREQUENCY_PENALTY);
    put(config, "presencePenalty", Option.PRESENCE_PENALTY);
    put(config, "seed", Option.SEED);
    put(config, "responseLogprobs", Option.LOGPROBS);
    put(config, "logprobs", Option.TOP_LOGPROBS);
    if (config.path("logprobs").asInt() > 0) {
      config.put("responseLogprobs", true);
    }
    JsonNode choices = conversation.take(Option.CHOICES);
    if (choices != null && choices.asLong() != 1) {
      config.set("candidateCount", choices);
    }
    modalities(config);
    reasoning(config);
    Format format = conversation.format();
    if (format != null) {
      config.put("responseMimeType", "application/json");
      if (format.schema() != null) {
        config.set("responseJsonSchema", format.schema());
      }
    }
  }

  private void modalities(ObjectNode config) {
    JsonNode modalities = conversation.take(Option.MODALITIES);
    if (modalities != null && modalities.isArray()) {
      ArrayNode wanted = config.putArray("responseModalities");
      modalities.forEach(modality -> wanted.add(modality.asText().toUpperCase(Locale.ROOT)));
    }
    JsonNode voice = conversation.take(Option.AUDIO);
    if (voice != null && voice.path("voice").isTextual()) {
      config
          .putObject("speechConfig")
          .putObject("voiceConfig")
          .putObject("prebuiltVoiceConfig")
          .set("voiceName", voice.get("voice"));
    }
  }

  private void reasoning(ObjectNode config) {
    Effort effort = Effort.of(conversation, fit);
    if (effort == null) {
      return;
    }
    String model = call.target().model();
    boolean byBudget = BY_BUDGET.matcher(model).matches();
    if (effort == Effort.NONE && (!byBudget || model.contains("pro"))) {
      fit.unsupported(Effort.param(conversation), "this model always thinks");
      return;
    }
    ObjectNode thinking = config.putObject("thinkingConfig");
    thinking.put("includeThoughts", effort != Effort.NONE);
    if (byBudget) {
      thinking.put("thinkingBudget", Math.min(effort.budget(conversation), 24_576));
    } else {
      thinking.put("thinkingLevel", level(effort, model).name());
    }
  }

  /** Nothing is beyond high, and its larger models have no minimal. */
  private static Effort level(Effort effort, String model) {
    if (effort == Effort.MINIMAL && model.contains("pro")) {
      return Effort.LOW;
    }
    return effort.compareTo(Effort.HIGH) > 0 ? Effort.HIGH : effort;
  }

  private void tier(ObjectNode body) {
    Conversation.Setting tier = conversation.peek(Option.SERVICE_TIER);
    if (tier != null && List.of("flex", "priority").contains(tier.value().asText())) {
      conversation.take(Option.SERVICE_TIER);
      body.put("serviceTier", tier.value().asText().toUpperCase(Locale.ROOT));
    }
  }
}
