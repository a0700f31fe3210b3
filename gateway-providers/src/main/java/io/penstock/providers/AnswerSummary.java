package io.penstock.providers;

import io.penstock.core.price.Usage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway needs to know of an answer.
 *
 * @param usage disjoint meters; {@link Usage#NONE} when nothing was reported
 * @param usageReported whether the provider reported the usage completely; not when it tells counts
 *     that no answer can have, of which none is kept
 * @param finish why the model stopped, in OpenAI's words: stop, length, tool_calls, content_filter,
 *     refusal; "" when the answer has none (embeddings) or it is not known yet
 * @param toolCalls whether the answer calls a tool
 * @param stored the ids under which the provider may keep the answer and its items (Responses);
 *     empty when it keeps none
 */
public record AnswerSummary(
    Usage usage, boolean usageReported, String finish, boolean toolCalls, List<String> stored) {
  public AnswerSummary {
    if (!usage.isPlausible()) {
      usage = usage.withoutCounts();
      usageReported = false;
    }
  }

  /** Creates the summary of an answer that the provider does not keep. */
  public AnswerSummary(Usage usage, boolean usageReported, String finish, boolean toolCalls) {
    this(usage, usageReported, finish, toolCalls, List.of());
  }

  /** Returns the same of an answer whose head tells its tier; what the usage says counts more. */
  public AnswerSummary inTier(@Nullable String tier) {
    return tier == null || usage.serviceTier() != null
        ? this
        : new AnswerSummary(
            usage.toBuilder().serviceTier(tier).build(), usageReported, finish, toolCalls, stored);
  }

  /** Nothing known yet. */
  public static final AnswerSummary NONE = new AnswerSummary(Usage.NONE, false, "", false);
}
