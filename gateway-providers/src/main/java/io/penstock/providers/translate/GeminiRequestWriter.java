package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Writes a Gemini {@code generateContent} request, for the Gemini API and Vertex AI: its contents
 * by {@link GeminiContents}, here its tools and settings.
 */
final class GeminiRequestWriter extends RequestWriter {
  /** Models that think by budget, those before Gemini 3; later ones by level. */
  private static final Pattern BY_BUDGET = Pattern.compile("(?:.*/)?gemini-[12]\\..*");

  /** Models that refuse penalties at the Gemini API: all but 1.5 and 2.0. */
  private static final Pattern NO_PENALTIES = Pattern.compile("(?:.*/)?gemini-(?!1\\.5|2\\.0).*");

  private static final Pattern TOOL_NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}");

  GeminiRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object();
    GeminiContents spoken = new GeminiContents(call, conversation, fit, isByBudget());
    int count = systemTurns();
    if (count > 0) {
      ArrayNode parts = body.putObject("systemInstruction").putArray("parts");
      for (Turn turn : conversation.turns().subList(0, count)) {
        spoken.system(parts, turn);
      }
    }
    ArrayNode contents = body.putArray("contents");
    for (Turn turn : alternating()) {
      spoken.turn(contents.addObject(), turn);
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
    // Even 1: the models' own default is lower.
    put(config, "topP", Option.TOP_P);
    put(config, "topK", Option.TOP_K);
    putStops(config, "stopSequences", 5);
    // Vertex takes them for some of these models; what it refuses it says itself.
    boolean studio = call.target().dialect() == Dialect.GEMINI;
    if (studio && NO_PENALTIES.matcher(call.target().model()).matches()) {
      refuseBut(0, Option.FREQUENCY_PENALTY);
      refuseBut(0, Option.PRESENCE_PENALTY);
    }
    putMeant(config, "frequencyPenalty", Option.FREQUENCY_PENALTY);
    putMeant(config, "presencePenalty", Option.PRESENCE_PENALTY);
    put(config, "seed", Option.SEED);
    putMeant(config, "responseLogprobs", Option.LOGPROBS);
    putMeant(config, "logprobs", Option.TOP_LOGPROBS);
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
    boolean byBudget = isByBudget();
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

  private boolean isByBudget() {
    return BY_BUDGET.matcher(call.target().model()).matches();
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
