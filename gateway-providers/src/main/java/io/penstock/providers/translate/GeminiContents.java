package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Writes what was said as Gemini's contents: turns of parts, calls and their results, media, and
 * the signatures where they belong. One per request, turns in their order: a result is told by the
 * name of its call.
 */
final class GeminiContents {
  /** Where Gemini itself fetches a file from. */
  static final Pattern OWN_FILES =
      Pattern.compile(
          "gs://.*|https://generativelanguage\\.googleapis\\.com/.*|https://(?:www\\.)?youtube\\.com/.*|https://youtu\\.be/.*");

  private static final String SIGNATURE = CarriedSignature.FIELD;

  private final ProviderCall call;
  private final Conversation conversation;
  private final Fit fit;

  /** Whether the model is one before Gemini 3. */
  private final boolean beforeThree;

  /** Of calls, by their ids. */
  private final Map<String, String> names = new HashMap<>();

  /** What results show that models before Gemini 3 take only behind the results. */
  private final ArrayNode behind = Trees.array();

  GeminiContents(ProviderCall call, Conversation conversation, Fit fit, boolean beforeThree) {
    this.call = call;
    this.conversation = conversation;
    this.fit = fit;
    this.beforeThree = beforeThree;
  }

  /** Writes a turn of the system. */
  void system(ArrayNode parts, Turn turn) {
    turn.parts().forEach(part -> part(parts, part, turn.path()));
  }

  /** Writes a turn of the user or the model, which must not be empty. */
  void turn(ObjectNode content, Turn turn) {
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

  private @Nullable String missing() {
    return beforeThree ? null : CarriedSignature.NONE;
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
    String text = RequestWriter.plainText(result.content());
    if (result.error()) {
      response.putObject("response").put("error", text);
    } else if (text.startsWith("{") && Trees.parse(text) instanceof ObjectNode object) {
      response.set("response", object);
    } else {
      response.putObject("response").put("result", text);
    }
    for (Part shown : result.content()) {
      if (shown instanceof Part.Media media) {
        media(beforeThree ? behind : Trees.arrayIn(response, "parts"), media, path);
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
}
