package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** Joins Gemini's chunks, each of which stands for itself. */
final class GenerateJoint extends Joint {
  private @Nullable ObjectNode first;

  @Override
  boolean seen(ObjectNode chunk) {
    first = first == null ? chunk : first;
    if (chunk.has("error") || chunk.has("promptFeedback")) {
      return false;
    }
    for (JsonNode candidate : chunk.path("candidates")) {
      if (candidate.path("index").asInt() != 0 || candidate.has("finishReason")) {
        return false;
      }
      for (JsonNode part : candidate.path("content").path("parts")) {
        if (part.size() != 1 || !part.path("text").isTextual()) {
          return false;
        }
        add(Trees.textOr(part, "text"));
      }
    }
    return true;
  }

  @Override
  void join(ObjectNode chunk, Outlet out) {
    boolean content = false;
    for (JsonNode candidate : chunk.path("candidates")) {
      for (JsonNode part : candidate.path("content").path("parts")) {
        String text = Trees.text(part, "text");
        if (text != null && part instanceof ObjectNode piece) {
          piece.put("text", fresh(text));
        }
        content = true;
      }
    }
    if (first != null && !chunk.has("error")) {
      keep(chunk, first, "responseId", "modelVersion");
    }
    out.event(null, chunk, content);
  }
}
