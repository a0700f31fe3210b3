package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a Claude model is told to think, at Anthropic and on Bedrock.
 *
 * @param type {@code disabled}, {@code adaptive} or {@code enabled}
 * @param budget tokens, or -1 where an effort says it
 * @param effort the word that goes with {@code adaptive}, or null
 */
record ClaudeThinking(String type, long budget, @Nullable String effort) {
  /** The fewest tokens that Anthropic lets a model think for. */
  private static final long FEWEST = 1024;

  /**
   * What decides.
   *
   * @param model the provider's name of it
   * @param signer the dialect whose signatures the model takes back
   * @param cap the most tokens of output; -1 when unknown
   */
  record Model(String model, Dialect signer, long cap) {}

  /** Returns what to write; null for nothing, since nothing was asked for or it cannot be kept. */
  static @Nullable ClaudeThinking of(Model model, Effort effort, RequestWriter writer) {
    Conversation conversation = writer.conversation;
    String param = Effort.param(conversation);
    if (effort == Effort.NONE && AnthropicModels.alwaysThinks(model.model())) {
      writer.fit.unsupported(param, "this model always thinks");
      return null;
    }
    if (effort == Effort.NONE) {
      return new ClaudeThinking("disabled", -1, null);
    }
    ToolChoice choice = conversation.toolChoice();
    if (choice != null && choice.mode() == ToolChoice.Mode.ANY) {
      writer.fit.unsupported(
          param, "a model that thinks cannot be made to call a tool; leave out one of both");
      return null;
    }
    if (!AnthropicModels.thinksByBudget(model.model())) {
      return new ClaudeThinking("adaptive", -1, word(model.model(), effort));
    }
    if (lostThoughts(writer.alternating(), model.signer())) {
      // The thoughts before the last tool call did not come back: with a budget it is refused.
      writer.fit.dropped(param);
      return null;
    }
    long budget = effort.budget(conversation);
    budget = model.cap() > 0 ? Math.min(budget, most(model.cap())) : budget;
    if (budget < FEWEST) {
      throw writer.fit.refusal(
          param,
          "thinking takes at least 1024 tokens, and the output cap is "
              + model.cap()
              + "; raise it");
    }
    return new ClaudeThinking("enabled", budget, null);
  }

  /** Returns the most that leaves room for an answer: a fifth of the cap, as far as it can. */
  private static long most(long cap) {
    return Math.min(cap - 1, Math.max(FEWEST, cap / 5 * 4));
  }

  private static String word(String model, Effort effort) {
    return switch (effort) {
      case MINIMAL -> Effort.LOW.word();
      case XHIGH -> AnthropicModels.takesXhigh(model) ? effort.word() : Effort.HIGH.word();
      default -> effort.word();
    };
  }

  /** Whether a tool loop is open whose thoughts the client did not bring back. */
  private static boolean lostThoughts(List<Turn> turns, Dialect signer) {
    if (turns.getLast().parts().stream().noneMatch(Part.ToolResult.class::isInstance)) {
      return false;
    }
    for (Part part : turns.get(turns.size() - 2).parts()) {
      if (part instanceof Part.Thinking thought && Signatures.isOf(signer, thought)) {
        return false;
      }
    }
    return true;
  }

  boolean on() {
    return !type.equals("disabled");
  }

  void write(ObjectNode into) {
    ObjectNode thinking = into.putObject("thinking").put("type", type);
    if (budget >= 0) {
      thinking.put("budget_tokens", budget);
    }
  }
}
