package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.GatewayException;
import io.penstock.providers.Threads;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the readers of the four client dialects share. One per request. */
abstract class RequestReader {
  private static final String DATA = "data:";

  /** What a conversation is not the same without, in any dialect. */
  private static final Set<String> STATE =
      Set.of(
          "container",
          "mcp_servers",
          "thread",
          "conversation",
          "previous_response_id",
          "background",
          "cachedContent");

  final Conversation conversation = new Conversation();
  final Fit fit;

  RequestReader(Fit fit) {
    this.fit = fit;
  }

  /**
   * Reads the body.
   *
   * @throws GatewayException 400 that names the field
   */
  abstract Conversation read(ObjectNode body);

  /** Takes the fields of an object that are plain settings; refuses those that nobody knows. */
  final void settings(
      ObjectNode object, String path, Map<String, Option> options, Set<String> structural) {
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String name = field.getKey();
      if (structural.contains(name) || field.getValue().isNull()) {
        continue;
      }
      Option option = options.get(name);
      if (STATE.contains(name) && isSaid(field.getValue())) {
        throw fit.refusal(
            path + name,
            "it names state or tools that only another provider has"
                + (name.equals(Threads.FIELD) ? ". " + Threads.ADVICE : ""));
      }
      if (option == null) {
        fit.unsupported(path + name, "Penstock knows no counterpart of it");
      } else {
        conversation.set(option, path + name, checked(option, path + name, field.getValue()));
      }
    }
  }

  private static boolean isSaid(JsonNode value) {
    return value.isContainerNode() ? !value.isEmpty() : !value.isBoolean() || value.asBoolean();
  }

  private static JsonNode checked(Option option, String param, JsonNode value) {
    return switch (option) {
      case MAX_TOKENS, TOP_K, CHOICES, TOP_LOGPROBS, THINKING_BUDGET, SEED -> {
        JsonNode whole = Trees.whole(value);
        if (whole == null) {
          throw wrong(param, "a whole number", value);
        }
        yield whole;
      }
      case TEMPERATURE, TOP_P, FREQUENCY_PENALTY, PRESENCE_PENALTY -> {
        if (!value.isNumber()) {
          throw wrong(param, "a number", value);
        }
        yield value;
      }
      case STOP -> strings(param, value);
      default -> value;
    };
  }

  private static JsonNode strings(String param, JsonNode value) {
    if (value.isTextual()) {
      return Trees.array().add(value.textValue());
    }
    if (!value.isArray()) {
      throw wrong(param, "a string or a list of strings", value);
    }
    for (JsonNode stop : value) {
      if (!stop.isTextual()) {
        throw wrong(param, "a string or a list of strings", value);
      }
    }
    return value;
  }

  /** Returns the array field; an absent one is empty. */
  static JsonNode list(JsonNode object, String field, String param) {
    JsonNode value = object.path(field);
    if (Trees.present(value) && !value.isArray()) {
      throw wrong(param, "a list", value);
    }
    return value;
  }

  /** Does the same; an object where a list may be is a list of one, as Google reads it. */
  static JsonNode oneOrMore(JsonNode object, String field, String param) {
    JsonNode value = object.path(field);
    return value.isObject() ? Trees.array().add(value) : list(object, field, param);
  }

  static ObjectNode object(JsonNode value, String param) {
    if (value instanceof ObjectNode object) {
      return object;
    }
    throw wrong(param, "an object", value);
  }

  static String need(JsonNode object, String field, String param) {
    String text = Trees.text(object, field);
    if (text == null) {
      throw wrong(param + "." + field, "a string", object.path(field));
    }
    return text;
  }

  static GatewayException wrong(String param, String expected, JsonNode value) {
    String shown = value.isMissingNode() ? "absent" : value.getNodeType() + "";
    return GatewayException.invalid(
        param,
        "\""
            + param
            + "\" is "
            + shown.toLowerCase(java.util.Locale.ROOT)
            + " (expected: "
            + expected
            + ").");
  }

  /** Returns the schema of a tool; none means a tool without parameters. */
  static ObjectNode schema(JsonNode value) {
    if (value instanceof ObjectNode object && !object.isEmpty()) {
      return object;
    }
    ObjectNode none = Trees.object().put("type", "object");
    none.putObject("properties");
    return none;
  }

  /** Reads the arguments of a call in the history: JSON text or already an object. */
  static ObjectNode arguments(JsonNode value, String param) {
    if (value instanceof ObjectNode object) {
      return object;
    }
    String text = value.isTextual() ? value.textValue() : "";
    if (text.isBlank()) {
      return Trees.object();
    }
    if (Trees.parse(text) instanceof ObjectNode object) {
      return object;
    }
    throw GatewayException.invalid(
        param,
        "\""
            + param
            + "\" is not the JSON of an object: the arguments of a tool call must be one.");
  }

  /** Returns the medium behind a data URI or a plain URL. */
  static Part.Media media(Part.Kind kind, String uri, Part.Label label, String param) {
    if (!isData(uri)) {
      return new Part.Media(kind, "", null, uri, label);
    }
    int comma = uri.indexOf(',');
    String head = uri.substring(0, Math.max(0, comma)).toLowerCase(Locale.ROOT);
    if (!head.contains(";base64")) {
      throw GatewayException.invalid(
          param,
          "\"" + param + "\" is not a base64 data URI (expected: data:<type>;base64,<data>).");
    }
    String mime = head.substring(DATA.length());
    return new Part.Media(kind, mime, uri.substring(comma + 1), null, label);
  }

  /** Returns whether the text is a data URI: schemes have no case. */
  static boolean isData(String uri) {
    return uri.regionMatches(true, 0, DATA, 0, DATA.length());
  }

  /** Returns the lifetime that a {@code cache_control} asks for, or null. */
  static @Nullable String cache(JsonNode part) {
    JsonNode control = part.path("cache_control");
    if (!control.isObject()) {
      return null;
    }
    return Trees.textOr(control, "ttl").equals("1h") ? "1h" : "5m";
  }
}
