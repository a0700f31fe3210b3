package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How much a model is to think, on one scale. Dialects with a token budget and those with words are
 * converted by the table here: low to 2,048 tokens, medium to 8,192, high to 24,576, beyond that
 * xhigh and max.
 */
enum Effort {
  NONE(0),
  MINIMAL(1024),
  LOW(2048),
  MEDIUM(8192),
  HIGH(24_576),
  XHIGH(32_768),
  MAX(65_536);

  /** The thinking tokens that it stands for. */
  private final long budget;

  Effort(long budget) {
    this.budget = budget;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns what the client asked for, in words or as a budget; null when it said nothing. */
  static @Nullable Effort of(Conversation conversation, Fit fit) {
    Conversation.Setting setting = conversation.peek(Option.REASONING_EFFORT);
    JsonNode budget = conversation.take(Option.THINKING_BUDGET);
    conversation.take(Option.REASONING_EFFORT);
    if (setting != null) {
      for (Effort effort : values()) {
        if (effort.word().equals(setting.value().asText())) {
          return effort;
        }
      }
      throw fit.refusal(
          setting.param(),
          "\""
              + setting.value().asText()
              + "\" is unknown (expected: none, minimal, low, medium, high, xhigh or max)");
    }
    if (budget == null) {
      return null;
    }
    for (Effort effort : values()) {
      if (effort.compareTo(LOW) >= 0 && budget.asLong() <= effort.budget) {
        return effort;
      }
    }
    return MAX;
  }

  /** Returns the client's name of the setting, for messages. */
  static String param(Conversation conversation) {
    for (Option option : new Option[] {Option.REASONING_EFFORT, Option.THINKING_BUDGET}) {
      Conversation.Setting setting = conversation.peek(option);
      if (setting != null) {
        return setting.param();
      }
    }
    return "reasoning_effort";
  }

  /** Returns the client's own budget, else what the word stands for. */
  long budget(Conversation conversation) {
    Conversation.Setting own = conversation.peek(Option.THINKING_BUDGET);
    return own == null ? budget : own.value().asLong();
  }
}
