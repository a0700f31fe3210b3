package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.GatewayException;
import io.penstock.providers.translate.Conversation.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the content blocks of one Anthropic request and counts its cache breakpoints. */
final class MessagesBlocks {
  private final Fit fit;
  private final boolean newest;
  private int breakpoints;

  MessagesBlocks(Fit fit, boolean newest) {
    this.fit = fit;
    this.newest = newest;
  }

  /** Returns the lifetime of the cache breakpoint behind a block or tool, or null for none. */
  @Nullable String breakpoint(JsonNode block) {
    String cache = RequestReader.cache(block);
    breakpoints += cache == null ? 0 : 1;
    return cache;
  }

  void checkBreakpoints() {
    if (breakpoints > 4) {
      throw GatewayException.invalid(
          "cache_control",
          "\"cache_control\": there are " + breakpoints + " breakpoints (expected: at most 4).");
    }
  }

  /** Returns the 400 for what the version of 2026 took out. */
  static GatewayException notOfVersion(String param, String what) {
    return GatewayException.unsupported(
        param,
        "\""
            + param
            + "\": "
            + what
            + " not part of anthropic-version "
            + MessagesRequestReader.VERSION_2026
            + ".");
  }

  /** Reads the content of a message, of the system or of a tool result. */
  List<Part> read(JsonNode content, String path, Role role) {
    List<Part> parts = new ArrayList<>(2);
    if (content.isTextual()) {
      if (!content.textValue().isEmpty()) {
        parts.add(new Part.Text(content.textValue(), null));
      }
    } else if (content.isArray()) {
      for (int i = 0; i < content.size(); i++) {
        String at = path + "." + i;
        block(RequestReader.object(content.get(i), at), at, role, parts);
      }
    } else if (Trees.present(content)) {
      throw RequestReader.wrong(path, "a string or a list of blocks", content);
    }
    return parts;
  }

  private void block(ObjectNode block, String path, Role role, List<Part> parts) {
    String type = RequestReader.need(block, "type", path);
    String cache = breakpoint(block);
    switch (type) {
      case "text" -> {
        JsonNode citations = block.path("citations");
        if (newest && role == Role.USER && citations.isArray() && !citations.isEmpty()) {
          throw notOfVersion(path + ".citations", "citations on user text are");
        }
        String text = RequestReader.need(block, "text", path);
        if (!text.isEmpty()) {
          parts.add(new Part.Text(text, cache));
        }
      }
      case "image" -> parts.add(source(Part.Kind.IMAGE, block, path));
      case "document" -> document(block, path, role, parts);
      case "search_result" -> parts.add(searchResult(block, path));
      case "tool_use" ->
          parts.add(
              new Part.ToolCall(
                  RequestReader.need(block, "id", path),
                  RequestReader.need(block, "name", path),
                  RequestReader.object(block.path("input"), path + ".input"),
                  null,
                  cache));
      case "tool_result" ->
          parts.add(
              new Part.ToolResult(
                  RequestReader.need(block, "tool_use_id", path),
                  read(block.path("content"), path + ".content", role),
                  block.path("is_error").asBoolean(),
                  cache));
      case "thinking" ->
          parts.add(
              new Part.Thinking(
                  Trees.textOr(block, "thinking"), Trees.text(block, "signature"), null));
      case "redacted_thinking" ->
          parts.add(new Part.Thinking("", null, Trees.textOr(block, "data")));
      default -> {
        if (role != Role.ASSISTANT || !isHosted(type)) {
          throw fit.refusal(path + ".type", "a block of type \"" + type + "\" has no counterpart");
        }
        fit.unsupported(path, "the tool of this \"" + type + "\" ran at Anthropic");
      }
    }
  }

  /** Whether a block says what happened at the provider: a tool that ran, another model. */
  private static boolean isHosted(String type) {
    return type.equals("server_tool_use")
        || type.equals("fallback")
        || type.equals("mcp_tool_use")
        || type.endsWith("_tool_result");
  }

  /** What the client says of a document beside its title goes before it, as text. */
  private void document(ObjectNode block, String path, Role role, List<Part> parts) {
    refuseCitations(block, path, "documents are not cited there");
    String cache = RequestReader.cache(block);
    JsonNode source = block.path("source");
    String context = Trees.textOr(block, "context");
    String about = joined(Trees.textOr(block, "title"), context);
    switch (Trees.textOr(source, "type")) {
      case "text" -> {
        String text = RequestReader.need(source, "data", path + ".source");
        parts.add(new Part.Text(joined(about, text), cache));
      }
      case "content" -> {
        List<Part> pieces = new ArrayList<>(2);
        addText(pieces, about);
        pieces.addAll(read(source.path("content"), path + ".source.content", role));
        mark(pieces, cache);
        parts.addAll(pieces);
      }
      default -> {
        addText(parts, context);
        parts.add(source(Part.Kind.DOCUMENT, block, path));
      }
    }
  }

  /** Puts the breakpoint behind the last of a document's pieces. */
  private static void mark(List<Part> parts, @Nullable String cache) {
    if (cache == null || parts.isEmpty()) {
      return;
    }
    Part last = parts.removeLast();
    parts.add(
        switch (last) {
          case Part.Text text -> new Part.Text(text.text(), cache);
          case Part.Media media -> media.marked(cache);
          default -> last;
        });
  }

  private static void addText(List<Part> parts, String text) {
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text, null));
    }
  }

  private static String joined(String first, String second) {
    return first.isEmpty() ? second : second.isEmpty() ? first : first + "\n\n" + second;
  }

  private void refuseCitations(ObjectNode block, String path, String why) {
    if (block.path("citations").path("enabled").asBoolean()) {
      fit.unsupported(path + ".citations", why);
    }
  }

  private Part source(Part.Kind kind, ObjectNode block, String path) {
    JsonNode source = block.path("source");
    Part.Label label = new Part.Label(Trees.textOr(block, "title"), "", RequestReader.cache(block));
    String type = Trees.textOr(source, "type");
    return switch (type) {
      case "base64" ->
          new Part.Media(
              kind,
              RequestReader.need(source, "media_type", path + ".source"),
              RequestReader.need(source, "data", path + ".source"),
              null,
              label);
      case "url" ->
          new Part.Media(
              kind,
              kind == Part.Kind.DOCUMENT ? "application/pdf" : "",
              null,
              RequestReader.need(source, "url", path + ".source"),
              label);
      default ->
          throw fit.refusal(
              path + ".source",
              "a source of type \"" + type + "\" lies only at Anthropic; send its data");
    };
  }

  private Part searchResult(ObjectNode block, String path) {
    refuseCitations(block, path, "search results are not cited there");
    StringBuilder text = new StringBuilder(Trees.textOr(block, "title"));
    text.append(" (").append(Trees.textOr(block, "source")).append(")");
    for (JsonNode part : block.path("content")) {
      text.append('\n').append(Trees.textOr(part, "text"));
    }
    return new Part.Text(text.toString(), RequestReader.cache(block));
  }
}
