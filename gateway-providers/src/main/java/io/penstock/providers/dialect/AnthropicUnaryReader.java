package io.penstock.providers.dialect;

import io.netty.buffer.ByteBuf;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Told;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.translate.UsageReaders;
import java.util.Set;

/** Reads a message or a token count of the Anthropic dialect; the bytes go on as they are. */
final class AnthropicUnaryReader implements UnaryReader {
  private static final Set<String> FIELDS = Set.of("model", "usage", "stop_reason");
  private static final Set<String> EXPECTED = Set.of("content", "input_tokens");

  @Override
  public Answer read(HeaderLookup headers, ByteBuf body) {
    AnswerFields answer = AnswerFields.read(body, FIELDS, EXPECTED, error -> summary(error, body));
    return AnswerWords.answer(body, "application/json", summary(answer, body));
  }

  private static AnswerSummary summary(AnswerFields answer, ByteBuf body) {
    boolean message = answer.get("usage").isObject();
    Usage usage = message ? UsageReaders.anthropic(answer.get("usage")) : Usage.NONE;
    String finish = finish(answer.get("stop_reason").asText(""));
    usage = usage.toBuilder().model(answer.get("model").asText(null)).build();
    boolean tools = finish.equals("tool_calls");
    Told told =
        message
            ? AnswerWords.told(usage, tools, body)
            // A token count is free: nothing to report is complete.
            : Told.whole(!answer.has("stop_reason"));
    return new AnswerSummary(usage, told, finish, tools);
  }

  /** Returns Anthropic's stop reason in the words of chat. */
  static String finish(String reason) {
    return switch (reason) {
      case "", "null" -> "";
      case "max_tokens", "model_context_window_exceeded" -> "length";
      case "tool_use" -> "tool_calls";
      case "refusal" -> "refusal";
      default -> "stop";
    };
  }
}
