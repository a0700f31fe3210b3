package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Told;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.translate.GeminiSearches;
import io.penstock.providers.translate.UsageReaders;
import java.util.Set;

/** Reads an answer of the Gemini dialect; the bytes go on as they are. */
final class GeminiUnaryReader implements UnaryReader {
  private static final Set<String> FIELDS =
      Set.of("candidates", "usageMetadata", "modelVersion", "promptFeedback");
  private static final Set<String> EXPECTED =
      Set.of(
          "candidates",
          "promptFeedback",
          "totalTokens",
          "embedding",
          "embeddings",
          "usageMetadata");

  private final Endpoint endpoint;

  GeminiUnaryReader(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public Answer read(HeaderLookup headers, ByteBuf body) {
    AnswerFields answer = AnswerFields.read(body, FIELDS, EXPECTED, error -> summary(error, body));
    return AnswerWords.answer(body, "application/json", summary(answer, body));
  }

  private AnswerSummary summary(AnswerFields answer, ByteBuf body) {
    JsonNode candidates = answer.get("candidates");
    JsonNode candidate = candidates.path(0);
    boolean tools = false;
    for (JsonNode part : candidate.path("content").path("parts")) {
      tools |= part.has("functionCall");
    }
    String finish = finish(candidate.path("finishReason").asText(""), tools);
    if (answer.get("promptFeedback").has("blockReason")) {
      finish = "content_filter";
    }
    Usage usage =
        UsageReaders.gemini(answer.get("usageMetadata")).toBuilder()
            .model(answer.get("modelVersion").asText(null))
            .build();
    Told told =
        endpoint == Endpoint.GENERATE
            ? AnswerWords.told(usage, tools, body)
            : Told.whole(!usage.isEmpty() || endpoint == Endpoint.GEMINI_COUNT_TOKENS);
    GeminiSearches searches = new GeminiSearches();
    for (JsonNode each : candidates) {
      searches.metadata(each.path("groundingMetadata"));
    }
    return new AnswerSummary(searches.in(usage), told, finish, tools);
  }

  /** Returns Gemini's finish reason in the words of chat. */
  static String finish(String reason, boolean tools) {
    return switch (reason) {
      case "" -> "";
      case "STOP" -> tools ? "tool_calls" : "stop";
      case "MAX_TOKENS" -> "length";
      case "SAFETY",
          "RECITATION",
          "LANGUAGE",
          "BLOCKLIST",
          "PROHIBITED_CONTENT",
          "SPII",
          "IMAGE_SAFETY",
          "IMAGE_PROHIBITED_CONTENT",
          "IMAGE_RECITATION" ->
          "content_filter";
      default -> "stop";
    };
  }
}
