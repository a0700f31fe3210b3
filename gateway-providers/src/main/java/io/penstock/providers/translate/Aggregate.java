package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Endpoint;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gathers the events of a client dialect into the unary answer that says the same. */
abstract class Aggregate implements Outlet {
  final ObjectNode answer = Trees.object();
  boolean complete;

  /** Returns the answer so far. */
  ObjectNode answer() {
    return answer;
  }

  /** Returns whether the stream was whole: nothing less may be stored. */
  final boolean complete() {
    return complete;
  }

  @Override
  public void note(String penstock) {}

  @Override
  public void done() {
    complete = true;
  }

  static Aggregate of(Endpoint endpoint) {
    return switch (endpoint) {
      case RESPONSES -> new Responses();
      case MESSAGES -> new MessagesAggregate();
      case GENERATE -> new Generate();
      default -> new ChatAggregate();
    };
  }

  /** The last event has the whole response. */
  private static final class Responses extends Aggregate {
    @Override
    public void event(@Nullable String name, ObjectNode data, boolean content) {
      String type = Trees.textOr(data, "type");
      if (type.equals("response.completed") || type.equals("response.incomplete")) {
        answer.setAll((ObjectNode) data.path("response").deepCopy());
        complete = true;
      }
    }
  }

  /** Parts are strung together, text of one kind is joined; other fields: the last one counts. */
  private static final class Generate extends Aggregate {
    @Override
    public void event(@Nullable String name, ObjectNode data, boolean content) {
      for (Map.Entry<String, JsonNode> field : data.properties()) {
        if (field.getKey().equals("candidates")) {
          field.getValue().forEach(this::candidate);
        } else {
          answer.set(field.getKey(), field.getValue());
        }
      }
      JsonNode gathered = answer.path("candidates");
      complete = !gathered.isEmpty() || answer.has("promptFeedback");
      for (JsonNode candidate : gathered) {
        complete &= candidate.has("finishReason");
      }
    }

    private void candidate(JsonNode piece) {
      ArrayNode candidates = Trees.arrayIn(answer, "candidates");
      int index = Math.clamp(piece.path("index").asInt(), 0, 127);
      while (candidates.size() <= index) {
        ObjectNode fresh = candidates.addObject();
        fresh.putObject("content").put("role", "model").putArray("parts");
        fresh.put("index", candidates.size() - 1);
      }
      ObjectNode candidate = (ObjectNode) candidates.get(index);
      for (Map.Entry<String, JsonNode> field : piece.properties()) {
        if (field.getKey().equals("content")) {
          ArrayNode parts = (ArrayNode) candidate.get("content").get("parts");
          field.getValue().path("parts").forEach(part -> part(parts, part));
        } else if (field.getKey().equals("citationMetadata")) {
          ArrayNode sources =
              Trees.arrayIn(Trees.objectIn(candidate, "citationMetadata"), "citationSources");
          field.getValue().path("citationSources").forEach(sources::add);
        } else if (field.getKey().equals("logprobsResult")) {
          ObjectNode result = Trees.objectIn(candidate, "logprobsResult");
          for (Map.Entry<String, JsonNode> list : field.getValue().properties()) {
            list.getValue().forEach(Trees.arrayIn(result, list.getKey())::add);
          }
        } else {
          candidate.set(field.getKey(), field.getValue());
        }
      }
    }

    private static void part(ArrayNode parts, JsonNode part) {
      String text = Trees.text(part, "text");
      if (text != null && text.isEmpty() && !part.has("thoughtSignature")) {
        return;
      }
      JsonNode last = parts.isEmpty() ? Trees.object() : parts.get(parts.size() - 1);
      boolean joins =
          text != null
              && last.has("text")
              && !last.has("thoughtSignature")
              && last.path("thought").asBoolean() == part.path("thought").asBoolean();
      if (joins) {
        ObjectNode joined = (ObjectNode) last;
        joined.put("text", last.path("text").asText() + text);
        if (part.has("thoughtSignature")) {
          joined.set("thoughtSignature", part.get("thoughtSignature"));
        }
      } else {
        parts.add(part.deepCopy());
      }
    }
  }
}
