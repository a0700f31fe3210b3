package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Chat completion chunks into a chat completion; also the chunks of legacy completions. */
final class ChatAggregate extends Aggregate {
  /** Fields whose text comes in pieces; any other text is whole each time. */
  private static final Set<String> GROWING =
      Set.of(
          "content",
          "reasoning_content",
          "reasoning",
          "refusal",
          "arguments",
          "data",
          "transcript",
          "text");

  @Override
  public void event(@Nullable String name, ObjectNode chunk, boolean content) {
    for (Map.Entry<String, JsonNode> field : chunk.properties()) {
      JsonNode value = field.getValue();
      switch (field.getKey()) {
        case "choices" -> value.forEach(this::choice);
        case "object" -> answer.put("object", value.asText().replace(".chunk", ""));
        case "obfuscation" -> {}
        default -> {
          if (!value.isNull()) {
            answer.set(field.getKey(), value);
          } else if (!answer.has(field.getKey()) && !field.getKey().equals("usage")) {
            answer.putNull(field.getKey());
          }
        }
      }
    }
  }

  private void choice(JsonNode piece) {
    ArrayNode choices = Trees.arrayIn(answer, "choices");
    int index = Math.clamp(piece.path("index").asInt(), 0, 127);
    while (choices.size() <= index) {
      choices.addObject().put("index", choices.size() - 1);
    }
    ObjectNode choice = (ObjectNode) choices.get(index);
    for (Map.Entry<String, JsonNode> field : piece.properties()) {
      JsonNode value = field.getValue();
      switch (field.getKey()) {
        case "delta" -> merge(Trees.objectIn(choice, "message"), value);
        case "index" -> {}
        case "text" -> choice.put("text", choice.path("text").asText("") + value.asText());
        case "logprobs" -> {
          if (value.isObject()) {
            merge(Trees.objectIn(choice, "logprobs"), value);
          }
        }
        default -> {
          if (!value.isNull() || !choice.has(field.getKey())) {
            choice.set(field.getKey(), value);
          }
        }
      }
    }
  }

  private static void merge(ObjectNode into, JsonNode delta) {
    for (Map.Entry<String, JsonNode> field : delta.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      JsonNode before = into.path(name);
      if (value.isNull()) {
        if (!into.has(name)) {
          into.putNull(name);
        }
      } else if (value.isTextual() && before.isTextual() && GROWING.contains(name)) {
        into.put(name, before.textValue() + value.textValue());
      } else if (value.isObject()) {
        merge(Trees.objectIn(into, name), value);
      } else if (value.isArray()) {
        switch (name) {
          case "tool_calls" -> indexed(Trees.arrayIn(into, name), value);
          case "annotations", "citations" -> plain(Trees.arrayIn(into, name), value);
          default -> value.forEach(Trees.arrayIn(into, name)::add);
        }
      } else {
        into.set(name, value);
      }
    }
  }

  private static void indexed(ArrayNode into, JsonNode pieces) {
    for (JsonNode piece : pieces) {
      int index = Math.clamp(piece.path("index").asInt(into.size()), 0, 1023);
      while (into.size() <= index) {
        into.addObject();
      }
      ObjectNode element = (ObjectNode) into.get(index);
      merge(element, piece);
      element.remove("index");
    }
  }

  /** The index is of the stream; OpenRouter's whole answers have one in the other lists. */
  private static void plain(ArrayNode into, JsonNode pieces) {
    for (JsonNode piece : pieces) {
      into.add(piece instanceof ObjectNode entry ? entry.deepCopy().without("index") : piece);
    }
  }

  @Override
  ObjectNode answer() {
    for (JsonNode choice : answer.path("choices")) {
      JsonNode message = choice.path("message");
      if (message instanceof ObjectNode object) {
        boolean calls = object.has("tool_calls") || object.has("function_call");
        if (calls && object.path("content").asText("").isEmpty()) {
          object.putNull("content");
        }
        if (!object.has("refusal")) {
          object.putNull("refusal");
        }
      }
    }
    return answer;
  }
}
