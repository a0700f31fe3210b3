package io.penstock.server.call.prompt;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.body.LongTexts;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.RequestJson;
import io.penstock.core.route.Surroundings;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What conditions and routing want to know of a conversation, whatever its dialect. Found by a full
 * parse, so only when something asks.
 *
 * @param system the system prompt, "" when there is none
 * @param text the last user message's text
 * @param opening the first user message's text
 * @param lead the first {@link Surroundings#OPENING_CHARS} characters of all text, system prompt
 *     first as a provider's prompt cache has it
 * @param turns messages other than the system prompt
 * @param tools tools offered
 * @param images images in the input
 */
public record Conversation(
    String system, String text, String opening, String lead, int turns, int tools, int images) {
  private static final Conversation EMPTY = new Conversation("", "", "", "", 0, 0, 0);

  /** Returns what a body says; nothing when it is no conversation. */
  public static Conversation of(@Nullable RequestBody body, Endpoint endpoint) {
    if (body == null) {
      return EMPTY;
    }
    JsonNode root;
    try (JsonParser parser = LongTexts.over(RequestJson.MAPPER.getFactory(), body.bytes())) {
      root = RequestJson.MAPPER.readTree(parser);
    } catch (IOException e) {
      return EMPTY;
    }
    return switch (endpoint) {
      case CHAT -> new Reader(root.path("tools").size()).messages(root.path("messages")).build();
      case MESSAGES, COUNT_TOKENS ->
          new Reader(root.path("tools").size())
              .system(root.path("system"))
              .messages(root.path("messages"))
              .build();
      case RESPONSES, RESPONSES_INPUT_TOKENS ->
          new Reader(root.path("tools").size())
              .system(root.path("instructions"))
              .input(root.path("input"))
              .build();
      case GENERATE, GEMINI_COUNT_TOKENS ->
          new Reader(functions(root.path("tools")))
              .system(either(root, "systemInstruction", "system_instruction").path("parts"))
              .contents(root.path("contents"))
              .build();
      case COMPLETIONS -> new Reader(0).user(root.path("prompt")).build();
      case EMBEDDINGS, MODERATIONS, SPEECH -> new Reader(0).user(root.path("input")).build();
      case RERANK -> new Reader(0).user(root.path("query")).build();
      case IMAGES -> new Reader(0).user(root.path("prompt")).build();
      default -> EMPTY;
    };
  }

  private static int functions(JsonNode tools) {
    int count = 0;
    for (JsonNode tool : tools) {
      JsonNode functions = either(tool, "functionDeclarations", "function_declarations");
      count += Math.max(1, functions.size());
    }
    return count;
  }

  /** Gemini takes its names in camel case and with underscores. */
  private static JsonNode either(JsonNode of, String camel, String snake) {
    return of.has(camel) ? of.path(camel) : of.path(snake);
  }

  private static final class Reader {
    private final int tools;
    private final StringBuilder system = new StringBuilder();
    private final StringBuilder spoken = new StringBuilder();
    private String text = "";
    private @Nullable String opening;
    private int turns;
    private int images;

    Reader(int tools) {
      this.tools = tools;
    }

    Conversation build() {
      return new Conversation(
          system.toString(), text, opening == null ? "" : opening, lead(), turns, tools, images);
    }

    private String lead() {
      StringBuilder lead = new StringBuilder(Surroundings.OPENING_CHARS);
      lead.append(system, 0, Math.min(system.length(), Surroundings.OPENING_CHARS));
      int room = Surroundings.OPENING_CHARS - lead.length();
      return lead.append(spoken, 0, Math.min(spoken.length(), room)).toString();
    }

    private String said(String part) {
      int room = Surroundings.OPENING_CHARS - spoken.length();
      if (room > 0) {
        spoken.append('\n').append(part, 0, Math.min(part.length(), room - 1));
      }
      return part;
    }

    Reader system(JsonNode node) {
      String part = textOf(node);
      if (!part.isEmpty()) {
        system.append(system.isEmpty() ? "" : "\n\n").append(part);
      }
      return this;
    }

    Reader user(JsonNode content) {
      turns++;
      text = said(textOf(content));
      if (opening == null) {
        opening = text;
      }
      return this;
    }

    Reader messages(JsonNode messages) {
      for (JsonNode message : messages) {
        turn(message.path("role").asText(), message.path("content"));
      }
      return this;
    }

    Reader input(JsonNode input) {
      if (input.isTextual()) {
        return user(input);
      }
      for (JsonNode item : input) {
        turn(item.path("role").asText(), item.path("content"));
      }
      return this;
    }

    Reader contents(JsonNode contents) {
      if (contents.isTextual()) {
        return user(contents);
      }
      // Google reads one object as a list of one.
      for (JsonNode content : contents.isObject() ? List.of(contents) : contents) {
        turn(content.path("role").asText("user"), content.path("parts"));
      }
      return this;
    }

    private void turn(String role, JsonNode content) {
      switch (role) {
        case "system", "developer" -> system(content);
        case "user" -> {
          if (isResults(content)) {
            other(content);
          } else {
            user(content);
          }
        }
        default -> other(content);
      }
    }

    private void other(JsonNode content) {
      turns++;
      said(textOf(content));
    }

    /** What tools answered comes in the user's name (Messages, Gemini): the user says nothing. */
    private static boolean isResults(JsonNode content) {
      if (!content.isArray() || content.isEmpty()) {
        return false;
      }
      for (JsonNode part : content) {
        boolean result =
            part.path("type").asText().equals("tool_result")
                || part.has("functionResponse")
                || part.has("function_response");
        if (!result) {
          return false;
        }
      }
      return true;
    }

    /** Returns the text of a string, a part or a list of parts; counts images on the way. */
    private String textOf(JsonNode node) {
      if (node.isTextual()) {
        return node.asText();
      }
      if (node.isArray()) {
        StringBuilder joined = new StringBuilder();
        for (JsonNode part : node) {
          String piece = textOf(part);
          if (!piece.isEmpty()) {
            joined.append(joined.isEmpty() ? "" : "\n").append(piece);
          }
        }
        return joined.toString();
      }
      String type = node.path("type").asText();
      if (type.contains("image") || isInlineImage(node)) {
        images++;
      }
      return node.path("text").asText();
    }

    private static boolean isInlineImage(JsonNode part) {
      JsonNode inline = either(part, "inlineData", "inline_data");
      JsonNode data = inline.isObject() ? inline : either(part, "fileData", "file_data");
      return either(data, "mimeType", "mime_type").asText().startsWith("image/");
    }
  }
}
