package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.GatewayException;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What Anthropic and Converse share: messages of user and assistant in turn, made of blocks. */
abstract class BlockRequestWriter extends RequestWriter {
  /** Neither takes an id twice. */
  final CallIds ids = new CallIds();

  private int breakpoints;

  BlockRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  /** Writes one part of a turn. */
  abstract void block(ArrayNode into, Part part, String path);

  /** A message is complete: its last chance to be written more simply. */
  void written(ObjectNode message, ArrayNode content) {}

  /** Counts a cache breakpoint: neither takes more than four. */
  final void breakpoint() {
    breakpoints++;
    if (breakpoints > 4) {
      throw GatewayException.invalid(
          "cache_control",
          "\"cache_control\": there are more than 4 breakpoints (expected: at most 4).");
    }
  }

  /** Writes the opening system turns. */
  final void system(ArrayNode blocks) {
    for (Turn turn : conversation.turns().subList(0, systemTurns())) {
      turn.parts().forEach(part -> block(blocks, part, turn.path()));
    }
  }

  /** Writes the turns behind the opening system ones. */
  final void messages(ArrayNode messages) {
    withoutDrawn();
    List<Turn> turns = alternating();
    if (turns.getFirst().role() == Role.ASSISTANT) {
      throw fit.refusal(turns.getFirst().path(), "the first message must be the user's");
    }
    Turn last = turns.getLast();
    if (last.role() == Role.ASSISTANT && !"true".equals(call.target().options().get("prefill"))) {
      throw fit.refusal(
          conversation.pathOf(last, last.parts().getLast()),
          "the last message is the assistant's, and only a provider with the option"
              + " `prefill: true` is asked to continue one");
    }
    for (Turn turn : turns) {
      ObjectNode message = messages.addObject();
      message.put("role", turn.role() == Role.ASSISTANT ? "assistant" : "user");
      ArrayNode content = message.putArray("content");
      for (Part part : turn.parts()) {
        block(content, part, conversation.pathOf(turn, part));
      }
      if (content.isEmpty()) {
        throw fit.refusal(turn.path(), "nothing is left of this message");
      }
      written(message, content);
    }
  }

  /** Refuses, or drops, what a newer Claude model takes no longer: it samples by itself. */
  final void refuseSampling() {
    String model = call.target().model();
    if (AnthropicModels.samplesByItself(model)) {
      refuseBut(1, Option.TEMPERATURE);
      refuseBut(1, Option.TOP_P);
      refuseBut(Double.NaN, Option.TOP_K);
      return;
    }
    Conversation.Setting topP = conversation.peek(Option.TOP_P);
    if (topP != null
        && topP.value().asDouble() != 1
        && conversation.has(Option.TEMPERATURE)
        && AnthropicModels.samplesOneWay(model)) {
      fit.unsupported(topP.param(), "this model takes it or a temperature, not both");
      conversation.drop(Option.TOP_P);
    }
  }

  /** Writes the temperature; a model that thinks takes none but the default. */
  final void temperature(ObjectNode into, @Nullable ClaudeThinking thinking) {
    Conversation.Setting setting = conversation.peek(Option.TEMPERATURE);
    if (thinking != null && thinking.on() && setting != null && setting.value().asDouble() != 1) {
      conversation.take(Option.TEMPERATURE);
      fit.unsupported(setting.param(), "a model that thinks takes only 1");
    } else {
      putUpTo(into, "temperature", Option.TEMPERATURE, 1);
    }
  }

  /** Returns whether a tool is strict; an older Claude takes the tool without. */
  final boolean strict(Tool tool) {
    boolean wanted = Boolean.TRUE.equals(tool.strict());
    if (wanted && !AnthropicModels.bindsSchemas(call.target().model())) {
      fit.dropped(tool.path() + ".strict");
      return false;
    }
    return wanted;
  }

  /** Returns whether the model is a Claude, which others on Bedrock are not. */
  final boolean isClaude() {
    return call.target().dialect() != Dialect.BEDROCK || call.target().model().contains("claude");
  }

  /** Claude refuses those of white space alone. */
  @Override
  final boolean takesStop(String stop) {
    return isClaude() ? !stop.isBlank() : super.takesStop(stop);
  }

  /** Returns the schema that the answer must follow, closed for Claude, or null. */
  final @Nullable Format schemaFormat() {
    Format format = conversation.format();
    if (format != null && format.schema() == null) {
      fit.unsupported(
          format.param(), "JSON without a schema has no mode there; send a json_schema");
      return null;
    }
    if (format != null && !AnthropicModels.bindsSchemas(call.target().model())) {
      fit.unsupported(format.param(), "this model cannot be bound to a schema");
      return null;
    }
    if (format == null || format.schema() == null || !isClaude()) {
      return format;
    }
    JsonNode closed = ClosedSchema.of(format.schema(), format.schemaParam(), fit);
    return new Format(format.name(), closed, format.strict(), format.param());
  }
}
