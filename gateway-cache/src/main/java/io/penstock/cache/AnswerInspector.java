package io.penstock.cache;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Endpoint;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a unary answer of any client dialect: its text, and what speaks against keeping it. */
public final class AnswerInspector {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final Set<String> ANTHROPIC_DONE = Set.of("end_turn", "stop_sequence");
  private static final Set<String> ANTHROPIC_TEXT = Set.of("text", "thinking", "redacted_thinking");

  private AnswerInspector() {}

  /**
   * What an answer says.
   *
   * @param text its text, all parts joined
   * @param refusal why it must not be stored, or null
   * @param answers how many there are; one where the dialect has no several
   */
  public record Finding(String text, @Nullable String refusal, int answers) {}

  /** Reads an answer; one that is not the JSON of that endpoint is refused. Pure. */
  public static Finding inspect(Endpoint endpoint, byte[] body) {
    JsonNode answer;
    try {
      answer = JSON.readTree(body);
    } catch (IOException malformed) {
      return new Finding("", "malformed", 0);
    }
    if (answer == null || !answer.isObject() || isError(answer)) {
      return new Finding("", "error in the body", 0);
    }
    StringBuilder text = new StringBuilder();
    String refusal =
        switch (endpoint) {
          case CHAT, COMPLETIONS -> choices(answer, text);
          case RESPONSES -> responses(answer, text);
          case MESSAGES -> messages(answer, text);
          case GENERATE -> candidates(answer, text);
          default -> "endpoint " + endpoint.label();
        };
    if (refusal == null && text.toString().isBlank()) {
      refusal = "empty";
    } else if (refusal == null && RefusalText.is(text)) {
      refusal = "refused";
    }
    int several = Math.max(answer.path("choices").size(), answer.path("candidates").size());
    return new Finding(text.toString(), refusal, Math.max(1, several));
  }

  private static boolean isError(JsonNode answer) {
    return answer.hasNonNull("error") || answer.path("type").asText().equals("error");
  }

  private static @Nullable String choices(JsonNode answer, StringBuilder text) {
    if (answer.path("choices").isEmpty()) {
      return "no choices";
    }
    for (JsonNode choice : answer.path("choices")) {
      JsonNode message = choice.path("message");
      String finish = choice.path("finish_reason").asText();
      if (!finish.equals("stop")) {
        return "finish " + finish;
      }
      if (!message.path("refusal").asText("").isEmpty()) {
        return "refused";
      }
      if (!message.path("tool_calls").isEmpty() || message.hasNonNull("function_call")) {
        return "tool call";
      }
      text.append(message.path("content").asText("")).append(choice.path("text").asText(""));
    }
    return null;
  }

  private static @Nullable String responses(JsonNode answer, StringBuilder text) {
    String status = answer.path("status").asText();
    if (!status.equals("completed")) {
      return "status " + status;
    }
    for (JsonNode item : answer.path("output")) {
      String type = item.path("type").asText();
      if (!type.equals("message") && !type.equals("reasoning")) {
        return "tool call";
      }
      for (JsonNode part : type.equals("message") ? item.path("content") : item.path("none")) {
        if (!part.path("type").asText().equals("output_text")) {
          return "refused";
        }
        text.append(part.path("text").asText(""));
      }
    }
    return null;
  }

  private static @Nullable String messages(JsonNode answer, StringBuilder text) {
    String stop = answer.path("stop_reason").asText();
    if (!ANTHROPIC_DONE.contains(stop)) {
      return "finish " + stop;
    }
    for (JsonNode block : answer.path("content")) {
      if (!ANTHROPIC_TEXT.contains(block.path("type").asText())) {
        return "tool call";
      }
      text.append(block.path("text").asText(""));
    }
    return null;
  }

  private static @Nullable String candidates(JsonNode answer, StringBuilder text) {
    if (answer.path("promptFeedback").hasNonNull("blockReason")) {
      return "filtered";
    }
    for (JsonNode candidate : answer.path("candidates")) {
      String finish = candidate.path("finishReason").asText();
      if (!finish.equals("STOP")) {
        return "finish " + finish;
      }
      for (JsonNode part : candidate.path("content").path("parts")) {
        if (!part.has("text") || part.has("functionCall")) {
          return "tool call";
        }
        text.append(part.path("thought").asBoolean() ? "" : part.path("text").asText(""));
      }
    }
    return null;
  }
}
