package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the parts of Gemini's contents. One per request. */
final class GenerateParts {
  /** What a tool at Google was asked or answered. */
  private static final Set<String> HOSTED =
      Set.of("executableCode", "codeExecutionResult", "toolCall", "toolResponse");

  private final Fit fit;

  /**
   * The ids of calls without a result yet, by the tool's name: a result may leave its id out, as
   * Gemini does and Google's SDK for Python always, and answers the first of its name.
   */
  private final Map<String, Deque<String>> open = new HashMap<>();

  private int calls;

  GenerateParts(Fit fit) {
    this.fit = fit;
  }

  List<Part> read(JsonNode content, String path) {
    JsonNode list = RequestReader.oneOrMore(content, "parts", path + ".parts");
    List<Part> parts = new ArrayList<>(2);
    for (int i = 0; i < list.size(); i++) {
      part(RequestReader.object(list.get(i), path + ".parts." + i), path + ".parts." + i, parts);
    }
    return parts;
  }

  private void part(ObjectNode part, String path, List<Part> parts) {
    String signature = Trees.text(part, "thoughtSignature");
    if (Trees.present(part.get("videoMetadata"))) {
      fit.unsupported(path + ".videoMetadata", "a part of a film cannot be chosen there");
    }
    if (Trees.present(part.get("mediaResolution"))) {
      fit.dropped(path + ".mediaResolution");
    }
    if (part.path("thought").asBoolean()) {
      Part.Thinking thought = thought(Trees.textOr(part, "text"), signature);
      if (!joined(parts, thought)) {
        parts.add(thought);
      }
    } else if (part.has("functionCall")) {
      parts.add(call(part.path("functionCall"), signature, path + ".functionCall"));
    } else if (part.has("functionResponse")) {
      parts.add(result(part.path("functionResponse"), path + ".functionResponse"));
    } else if (part.has("inlineData")) {
      JsonNode data = part.path("inlineData");
      String mime = RequestReader.need(data, "mimeType", path + ".inlineData");
      String bytes = RequestReader.need(data, "data", path + ".inlineData");
      parts.add(new Part.Media(kind(mime), mime, bytes, null, label(data)));
    } else if (part.has("fileData")) {
      JsonNode data = part.path("fileData");
      String uri = RequestReader.need(data, "fileUri", path + ".fileData");
      if (GeminiContents.OWN_FILES.matcher(uri).matches()) {
        throw fit.refusal(
            path + ".fileData.fileUri", "the file lies where only Gemini reads it; send its data");
      }
      String mime = RequestReader.need(data, "mimeType", path + ".fileData");
      parts.add(new Part.Media(kind(mime), mime, null, uri, label(data)));
    } else if (part.has("text")) {
      if (signature != null) {
        parts.add(thought("", signature));
      }
      String text = RequestReader.need(part, "text", path);
      if (!text.isEmpty()) {
        parts.add(new Part.Text(text, null));
      }
    } else if (HOSTED.stream().anyMatch(part::has)) {
      fit.unsupported(path, "the tool of this part with " + fields(part) + " ran at Google");
    } else {
      throw fit.refusal(path, "a part with " + fields(part) + " has no counterpart");
    }
  }

  private static Part.Thinking thought(String text, @Nullable String signature) {
    return Signatures.thought(text, signature == null ? null : Signatures.ofBase64(signature));
  }

  /**
   * Joins a thought to the last part, when that is the beginning of it: a streamed thought comes in
   * pieces, and only the last one has the signature.
   */
  static boolean joined(List<Part> parts, Part.Thinking next) {
    if (parts.isEmpty()
        || next.redacted() != null
        || !(parts.getLast() instanceof Part.Thinking last)
        || last.signature() != null
        || last.redacted() != null) {
      return false;
    }
    parts.set(
        parts.size() - 1, new Part.Thinking(last.text() + next.text(), next.signature(), null));
    return true;
  }

  private static String fields(ObjectNode part) {
    List<String> names = new ArrayList<>();
    part.fieldNames().forEachRemaining(names::add);
    return names.isEmpty() ? "nothing" : String.join(", ", names);
  }

  private static Part.Label label(JsonNode data) {
    return new Part.Label(Trees.textOr(data, "displayName"), "", null);
  }

  static Part.Kind kind(String written) {
    String mime = Part.Media.type(written);
    if (mime.startsWith("audio/")) {
      return Part.Kind.AUDIO;
    }
    if (mime.startsWith("video/")) {
      return Part.Kind.VIDEO;
    }
    return mime.startsWith("image/") ? Part.Kind.IMAGE : Part.Kind.DOCUMENT;
  }

  private Part call(JsonNode call, @Nullable String signature, String path) {
    String name = RequestReader.need(call, "name", path);
    String id = Trees.text(call, "id");
    if (id == null || id.isEmpty()) {
      id = "call_" + calls++;
    }
    open.computeIfAbsent(name, n -> new ArrayDeque<>(2)).add(id);
    return new Part.ToolCall(
        id,
        name,
        RequestReader.arguments(call.path("args"), path + ".args"),
        signature == null ? null : Signatures.ofBase64(signature),
        null);
  }

  private Part result(JsonNode response, String path) {
    String name = RequestReader.need(response, "name", path);
    String id = Trees.text(response, "id");
    Deque<String> called = open.computeIfAbsent(name, n -> new ArrayDeque<>(2));
    if (id == null || id.isEmpty()) {
      String next = called.poll();
      id = next == null ? name : next;
    } else {
      called.remove(id);
    }
    JsonNode value = response.path("response");
    JsonNode error = value.path("error");
    JsonNode inner = value.size() == 1 && value.has("result") ? value.path("result") : value;
    boolean failed = value.size() == 1 && Trees.present(error);
    JsonNode shown = failed ? error : inner;
    List<Part> content = new ArrayList<>(1);
    content.add(new Part.Text(shown.isTextual() ? shown.textValue() : Trees.string(shown), null));
    for (JsonNode part : response.path("parts")) {
      part(RequestReader.object(part, path + ".parts"), path + ".parts", content);
    }
    return new Part.ToolResult(id, content, failed, null);
  }
}
