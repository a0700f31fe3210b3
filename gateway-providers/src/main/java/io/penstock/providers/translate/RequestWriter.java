package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the writers of the provider dialects share. One per attempt. */
abstract class RequestWriter {
  /** Ids of calls everywhere, names of tools at OpenAI and Bedrock. */
  static final Pattern PLAIN_ID = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

  final ProviderCall call;
  final Conversation conversation;
  final Fit fit;

  RequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    this.call = call;
    this.conversation = conversation;
    this.fit = fit;
  }

  /** Returns the body; the route's own fields are not in it yet. */
  abstract ObjectNode write();

  /** Writes a setting under the target's name. */
  final void put(ObjectNode into, String name, Option option) {
    JsonNode value = conversation.take(option);
    if (value != null) {
      into.set(name, value);
    }
  }

  /** Does the same, but for a value that asks for nothing beyond the default. */
  final void putMeant(ObjectNode into, String name, Option option) {
    JsonNode value = conversation.take(option);
    if (value != null && !Conversation.noOp(option, value)) {
      into.set(name, value);
    }
  }

  /** Writes a number that the target takes only up to a limit. */
  final void putUpTo(ObjectNode into, String name, Option option, double max) {
    Conversation.Setting setting = conversation.peek(option);
    conversation.take(option);
    if (setting == null) {
      return;
    }
    double value = setting.value().asDouble();
    if (value < 0 || value > max) {
      fit.unsupported(
          setting.param(), "it is " + setting.value() + " (expected: 0 to " + max + ")");
    } else {
      into.set(name, setting.value());
    }
  }

  /** Leaves out a setting that the model takes only at its default. */
  final void refuseBut(double standard, Option option) {
    Conversation.Setting setting = conversation.peek(option);
    if (setting != null && setting.value().asDouble() != standard) {
      fit.unsupported(setting.param(), "this model does not take it");
    }
    conversation.drop(option);
  }

  /** Writes the stop sequences that the target takes, at most so many. */
  final void putStops(ObjectNode into, String name, int most) {
    Conversation.Setting setting = conversation.peek(Option.STOP);
    conversation.take(Option.STOP);
    if (setting == null || setting.value().isEmpty()) {
      return;
    }
    ArrayNode taken = Trees.array();
    for (JsonNode stop : setting.value()) {
      if (takesStop(stop.textValue())) {
        taken.add(stop);
      } else {
        String why = stop.textValue().isEmpty() ? "that is empty" : "of white space alone";
        fit.unsupported(setting.param(), "a stop sequence " + why + " is refused there");
      }
    }
    if (taken.size() > most) {
      throw fit.refusal(
          setting.param(),
          "there are " + taken.size() + " entries (expected: at most " + most + ")");
    }
    if (!taken.isEmpty()) {
      into.set(name, taken);
    }
  }

  /** Returns whether the target takes a stop sequence. */
  boolean takesStop(String stop) {
    return !stop.isEmpty();
  }

  /** Returns the output cap: the gateway's, else the client's, else -1. */
  final long outputCap() {
    JsonNode asked = conversation.take(Option.MAX_TOKENS);
    if (call.maxTokens() >= 0) {
      return call.maxTokens();
    }
    if (asked == null) {
      return -1;
    }
    if (asked.asLong() <= 0) {
      Conversation.Setting setting = conversation.peek(Option.MAX_TOKENS);
      throw fit.refusal(setting == null ? "max_tokens" : setting.param(), "it must be at least 1");
    }
    return asked.asLong();
  }

  final void putCap(ObjectNode into, String name) {
    long cap = outputCap();
    if (cap >= 0) {
      into.set(name, LongNode.valueOf(cap));
    }
  }

  /** Returns the index of the first turn that is not of the system. */
  final int systemTurns() {
    int count = 0;
    List<Turn> turns = conversation.turns();
    while (count < turns.size() && turns.get(count).role() == Role.SYSTEM) {
      count++;
    }
    return count;
  }

  /**
   * Returns the turns behind the opening system ones as alternating messages: neighbours of one
   * role are joined, a later system turn speaks as the user, and tool results stand before what the
   * user says, in the order of the calls. A turn of nothing but thoughts that are not written is
   * left out.
   */
  final List<Turn> alternating() {
    List<Turn> joined = new ArrayList<>();
    List<Turn> turns = conversation.turns();
    for (int i = systemTurns(); i < turns.size(); i++) {
      Turn turn = turns.get(i);
      if (isUnspoken(turn)) {
        continue;
      }
      Role role = turn.role() == Role.ASSISTANT ? Role.ASSISTANT : Role.USER;
      Turn last = joined.isEmpty() ? null : joined.getLast();
      if (last != null && last.role() == role) {
        turn.parts().forEach(part -> conversation.place(part, conversation.pathOf(turn, part)));
        last.parts().addAll(turn.parts());
      } else {
        joined.add(new Turn(role, new ArrayList<>(turn.parts()), turn.path()));
      }
    }
    if (joined.isEmpty()) {
      throw fit.refusal(turns.getLast().path(), "nothing is left of the conversation");
    }
    for (int i = 1; i < joined.size(); i++) {
      resultsFirst(joined.get(i - 1).parts(), joined.get(i).parts());
    }
    return joined;
  }

  /**
   * Takes out what an assistant drew or said aloud, which most targets do not take back: refused,
   * or left out where the route says so. A turn of nothing else then says nothing.
   */
  final void withoutDrawn() {
    for (Turn turn : conversation.turns()) {
      if (turn.role() == Role.ASSISTANT) {
        turn.parts().removeIf(part -> part instanceof Part.Media media && refused(turn, media));
      }
    }
  }

  private boolean refused(Turn turn, Part.Media media) {
    fit.unsupported(
        conversation.pathOf(turn, media),
        "an assistant's " + media.describe() + " cannot be sent back");
    return true;
  }

  /** Returns whether a turn holds nothing but thoughts that are not written. */
  final boolean isUnspoken(Turn turn) {
    for (Part part : turn.parts()) {
      if (!(part instanceof Part.Thinking thought) || isWritten(thought)) {
        return false;
      }
    }
    return turn.role() == Role.ASSISTANT;
  }

  /** Returns whether the target takes that thought back. */
  boolean isWritten(Part.Thinking thought) {
    return false;
  }

  private static void resultsFirst(List<Part> asked, List<Part> answered) {
    List<Part> results = new ArrayList<>();
    for (Part part : asked) {
      if (part instanceof Part.ToolCall call) {
        for (Part other : answered) {
          if (other instanceof Part.ToolResult result && result.id().equals(call.id())) {
            results.add(result);
          }
        }
      }
    }
    if (!results.isEmpty()) {
      answered.removeIf(Part.ToolResult.class::isInstance);
      answered.addAll(0, results);
    }
  }

  /** Refuses tools whose names the target does not take: renamed ones would come back renamed. */
  final void checkToolNames(Pattern form) {
    for (Tool tool : conversation.tools()) {
      if (!form.matcher(tool.name()).matches()) {
        throw fit.refusal(
            tool.path(), "it takes no tool named \"" + tool.name() + "\" (expected: " + form + ")");
      }
    }
  }

  /** Returns the tools that may be called: those that the choice names, when it names several. */
  final List<Tool> offeredTools() {
    ToolChoice choice = conversation.toolChoice();
    if (choice == null || choice.names().isEmpty() || !narrows(choice)) {
      return conversation.tools();
    }
    return conversation.tools().stream()
        .filter(tool -> choice.names().contains(tool.name()))
        .toList();
  }

  private static boolean narrows(ToolChoice choice) {
    return choice.mode() == ToolChoice.Mode.AUTO || choice.names().size() > 1;
  }

  /** Returns the one tool that must be called, or null. */
  static @Nullable String onlyTool(ToolChoice choice) {
    return choice.mode() == ToolChoice.Mode.ANY && choice.names().size() == 1
        ? choice.names().getFirst()
        : null;
  }

  /**
   * Returns an id that every provider takes: the client's own when it is plain, else a hash of it.
   */
  static String plainId(String id) {
    return PLAIN_ID.matcher(id).matches() ? id : "call_" + hash(id).substring(0, 32);
  }

  static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is part of every Java", e);
    }
  }

  /** Returns the texts of a tool result, one below the other. */
  static String plainText(List<Part> parts) {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      if (part instanceof Part.Text words) {
        text.append(text.isEmpty() ? "" : "\n").append(words.text());
      }
    }
    return text.toString();
  }
}
