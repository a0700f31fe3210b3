package io.penstock.providers;

import io.penstock.core.price.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway needs to know of an answer.
 *
 * @param usage disjoint meters; {@link Usage#NONE} when nothing was reported
 * @param told whether the provider reported the usage completely; not when it tells counts that no
 *     answer can have, of which none is kept
 * @param finish why the model stopped, in OpenAI's words: stop, length, tool_calls, content_filter,
 *     refusal; "" when the answer has none (embeddings) or it is not known yet
 * @param toolCalls whether the answer calls a tool
 * @param stored the ids under which the provider may keep the answer and its items (Responses);
 *     empty when it keeps none
 */
public record AnswerSummary(
    Usage usage, Told told, String finish, boolean toolCalls, List<String> stored) {
  public AnswerSummary {
    if (!usage.isPlausible()) {
      usage = usage.withoutCounts();
      told = Told.PART;
    }
  }

  /** Creates the summary of an answer that the provider does not keep. */
  public AnswerSummary(Usage usage, Told told, String finish, boolean toolCalls) {
    this(usage, told, finish, toolCalls, List.of());
  }

  /** Creates the summary of an answer of which all is told or nothing for certain. */
  public AnswerSummary(Usage usage, boolean whole, String finish, boolean toolCalls) {
    this(usage, Told.whole(whole), finish, toolCalls);
  }

  /** Returns whether the provider reported the usage completely. */
  public boolean usageReported() {
    return told == Told.ALL;
  }

  /** Returns the same of an answer whose head tells its tier; what the usage says counts more. */
  public AnswerSummary inTier(@Nullable String tier) {
    return tier == null
            || usage.serviceTier() != null && !usage.serviceTier().equals(Usage.STANDARD)
        ? this
        : new AnswerSummary(
            usage.toBuilder().serviceTier(tier).build(), told, finish, toolCalls, stored);
  }

  /** Returns the same of an answer whose usage cannot be. */
  public AnswerSummary disbelieved() {
    return new AnswerSummary(usage.withoutCounts(), Told.PART, finish, toolCalls, stored);
  }

  /** Nothing known yet. */
  public static final AnswerSummary NONE = new AnswerSummary(Usage.NONE, false, "", false);
}
