package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.GatewayException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request for the next turn of a conversation, in no dialect. Filled by one reader, read by one
 * writer; confined to one thread.
 */
final class Conversation {
  /** Who speaks. */
  enum Role {
    SYSTEM,
    USER,
    ASSISTANT
  }

  /**
   * One turn.
   *
   * @param path where the client wrote it, for messages
   */
  record Turn(Role role, List<Part> parts, String path) {}

  /**
   * A function that the model may call.
   *
   * @param strict null when the client said nothing
   * @param path where the client wrote it, for messages
   */
  record Tool(
      String name,
      String description,
      ObjectNode schema,
      @Nullable Boolean strict,
      @Nullable String cache,
      String path) {}

  /** Whether and which tool is to be called; the names narrow ANY and AUTO. */
  record ToolChoice(Mode mode, List<String> names, String param) {
    /** How much choice the model has. */
    enum Mode {
      AUTO,
      ANY,
      NONE
    }
  }

  /** JSON output; {@code schema} is null for any JSON object. */
  record Format(String name, @Nullable JsonNode schema, @Nullable Boolean strict, String param) {
    /** Returns where the schema stands in the client's request. */
    String schemaParam() {
      return switch (param) {
        case "response_format" -> "response_format.json_schema.schema";
        case "text.format", "output_config.format" -> param + ".schema";
        default -> param;
      };
    }
  }

  /** A value under the name that the client gave it. */
  record Setting(String param, JsonNode value) {}

  private final List<Turn> turns = new ArrayList<>();
  private final List<Tool> tools = new ArrayList<>();
  private final Map<Option, Setting> options = new EnumMap<>(Option.class);
  private final Set<Option> taken = EnumSet.noneOf(Option.class);

  /** Where parts are written whose turn begins elsewhere; null: every part is in its turn. */
  private @Nullable IdentityHashMap<Part, String> places;

  private @Nullable ToolChoice toolChoice;
  private boolean oneCall;
  private @Nullable Format format;

  List<Turn> turns() {
    return turns;
  }

  List<Tool> tools() {
    return tools;
  }

  /** Adds a turn, whose parts may be changed until it is written; one without parts is left out. */
  void add(Role role, List<Part> parts, String path) {
    if (!parts.isEmpty()) {
      turns.add(new Turn(role, new ArrayList<>(parts), path));
    }
  }

  /** Notes where the client wrote a part of a turn that begins elsewhere. */
  void place(Part part, String path) {
    IdentityHashMap<Part, String> noted = places;
    if (noted == null) {
      // By identity: equal parts occur in one conversation.
      noted = new IdentityHashMap<>();
      places = noted;
    }
    noted.put(part, path);
  }

  /** Returns where the client wrote a part of a turn, for messages. */
  String pathOf(Turn turn, Part part) {
    return places == null ? turn.path() : places.getOrDefault(part, turn.path());
  }

  void tool(Tool tool) {
    for (Tool other : tools) {
      if (other.name().equals(tool.name())) {
        throw GatewayException.invalid(
            tool.path(),
            "\"" + tool.path() + "\": the tool \"" + tool.name() + "\" is there twice.");
      }
    }
    tools.add(tool);
  }

  @Nullable ToolChoice toolChoice() {
    return toolChoice;
  }

  void toolChoice(ToolChoice choice) {
    this.toolChoice = choice;
  }

  /** Returns whether the client's shape has room for one call in an answer. */
  boolean oneCall() {
    return oneCall;
  }

  void limitToOneCall() {
    oneCall = true;
  }

  @Nullable Format format() {
    return format;
  }

  void format(@Nullable Format wanted) {
    this.format = wanted;
  }

  void set(Option option, String param, JsonNode value) {
    if (!value.isNull()) {
      options.put(option, new Setting(param, value));
    }
  }

  boolean has(Option option) {
    return options.containsKey(option);
  }

  /** Returns the setting without taking it. */
  @Nullable Setting peek(Option option) {
    return options.get(option);
  }

  /** Returns the value and notes that the target takes it; null when the client sent none. */
  @Nullable JsonNode take(Option option) {
    taken.add(option);
    Setting setting = options.get(option);
    return setting == null ? null : setting.value();
  }

  /** Forgets a setting that was dropped. */
  void drop(Option option) {
    options.remove(option);
  }

  /** Refuses, or drops, every setting that the writer did not take. */
  void refuseRest(Fit fit) {
    for (Map.Entry<Option, Setting> entry : options.entrySet()) {
      Option option = entry.getKey();
      if (taken.contains(option)) {
        continue;
      }
      Setting setting = entry.getValue();
      if (option.harmless()) {
        fit.dropped(setting.param());
      } else if (!noOp(option, setting.value())) {
        fit.unsupported(setting.param(), "it has no counterpart there");
      }
    }
  }

  /** Whether the value asks for nothing beyond the default. */
  static boolean noOp(Option option, JsonNode value) {
    return switch (option) {
      case FREQUENCY_PENALTY, PRESENCE_PENALTY, TOP_LOGPROBS -> value.asDouble() == 0;
      case CHOICES, TOP_P -> value.asDouble() == 1;
      case LOGPROBS -> !value.asBoolean();
      case LOGIT_BIAS, STOP -> value.isEmpty();
      case PARALLEL_TOOL_CALLS -> value.asBoolean();
      case MODALITIES -> value.size() == 1 && value.get(0).asText().equalsIgnoreCase("text");
      case SERVICE_TIER -> value.asText().equals("auto") || value.asText().equals("default");
      default -> false;
    };
  }

  /**
   * Checks what every dialect asks for: turns, an answer to every call right after it, a tool
   * choice that exists.
   *
   * @throws GatewayException 400 that names the message
   */
  void validate(String turnsParam) {
    boolean spoken = false;
    Set<String> open = new HashSet<>();
    for (Turn turn : turns) {
      spoken |= turn.role() != Role.SYSTEM;
      checkCalls(turn, open);
    }
    if (!spoken) {
      throw GatewayException.invalid(
          turnsParam,
          "\""
              + turnsParam
              + "\" is empty, or no message of the user is left of it (expected: at least one that"
              + " says something).");
    }
    if (!open.isEmpty()) {
      throw GatewayException.invalid(
          turnsParam,
          "\""
              + turnsParam
              + "\": the tool call \""
              + open.iterator().next()
              + "\" has no result.");
    }
    if (toolChoice != null) {
      checkChoice(toolChoice);
    }
  }

  private void checkCalls(Turn turn, Set<String> open) {
    if (turn.role() == Role.ASSISTANT && !open.isEmpty()) {
      throw GatewayException.invalid(
          turn.path(),
          "\""
              + turn.path()
              + "\": the tool call \""
              + open.iterator().next()
              + "\" before it has no result.");
    }
    for (Part part : turn.parts()) {
      String path = pathOf(turn, part);
      if (part instanceof Part.ToolCall call && !open.add(call.id())) {
        throw GatewayException.invalid(
            path, "\"" + path + "\": the tool call id \"" + call.id() + "\" is there twice.");
      }
      if (part instanceof Part.ToolResult result && !open.remove(result.id())) {
        throw GatewayException.invalid(
            path,
            "\"" + path + "\": the tool result \"" + result.id() + "\" answers no call before it.");
      }
    }
  }

  private void checkChoice(ToolChoice choice) {
    for (String name : choice.names()) {
      if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
        throw GatewayException.invalid(
            choice.param(),
            "\""
                + choice.param()
                + "\" names the tool \""
                + name
                + "\", which is not in the tools.");
      }
    }
    if (choice.mode() == ToolChoice.Mode.ANY && tools.isEmpty()) {
      throw GatewayException.invalid(
          choice.param(),
          "\"" + choice.param() + "\" asks for a tool call, but there are no tools.");
    }
  }

  /** Returns whether any turn calls a tool or answers a call. */
  boolean usesTools() {
    for (Turn turn : turns) {
      for (Part part : turn.parts()) {
        if (part instanceof Part.ToolCall || part instanceof Part.ToolResult) {
          return true;
        }
      }
    }
    return false;
  }
}
