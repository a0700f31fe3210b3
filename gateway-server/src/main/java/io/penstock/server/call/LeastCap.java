package io.penstock.server.call;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.penstock.core.Dialect;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.RequestJson;
import io.penstock.core.body.WholeNumber;
import io.penstock.providers.translate.AnthropicModels;

/**
 * The least output cap that a request can be sent with. A Claude model refuses one that does not
 * exceed the tokens that it is to think for, and what is over them is all that it may answer with.
 * Stateless.
 */
final class LeastCap {
  /** Less is no answer worth paying for. */
  private static final long OF_ANY = 16;

  /** The fewest tokens that Anthropic lets a model think for. */
  private static final long THOUGHTS = 1024;

  private static final String EFFORT = "reasoning_effort";
  private static final String THINKING = "thinking";

  private static final ObjectMapper MAPPER = new ObjectMapper(RequestJson.FACTORY.copy());

  private LeastCap() {}

  /**
   * Returns it, tokens of one answer. Reads parts of the body: only for who is to lower its cap.
   */
  static long of(Call call, TargetRuntime target) {
    if (!isClaude(target)) {
      return OF_ANY;
    }
    boolean translated = call.dialect() != Dialect.ANTHROPIC;
    // What is sent as it stands: the route's own, and all of a client that speaks the dialect.
    JsonNode thinking = inForce(target, THINKING, translated ? nothing() : sent(call, THINKING));
    if (thinking.path("type").asText().equals("enabled")) {
      long budget = Math.max(THOUGHTS, thinking.path("budget_tokens").asLong());
      return Math.min(budget, WholeNumber.MOST) + OF_ANY;
    }
    // A translated budget is lowered with the cap.
    boolean thinks =
        translated && AnthropicModels.thinksByBudget(target.model()) && isTold(call, target);
    return thinks ? THOUGHTS + OF_ANY : OF_ANY;
  }

  private static boolean isClaude(TargetRuntime target) {
    return switch (target.target().dialect()) {
      case ANTHROPIC -> true;
      case BEDROCK, VERTEX -> target.model().contains("claude");
      default -> false;
    };
  }

  /** Returns whether a request that is translated, or its route, has the model think. */
  private static boolean isTold(Call call, TargetRuntime target) {
    return isEffort(inForce(target, EFFORT, asked(call)));
  }

  private static JsonNode asked(Call call) {
    return switch (call.surface().endpoint()) {
      case CHAT -> sent(call, EFFORT);
      case RESPONSES -> sent(call, "reasoning").path("effort");
      case GENERATE -> {
        JsonNode config = either(sent(call, "generationConfig"), sent(call, "generation_config"));
        JsonNode thinking = either(config.path("thinkingConfig"), config.path("thinking_config"));
        JsonNode level = either(thinking.path("thinkingLevel"), thinking.path("thinking_level"));
        yield either(
            level, either(thinking.path("thinkingBudget"), thinking.path("thinking_budget")));
      }
      default -> nothing();
    };
  }

  /** Whether that is a word for thinking, or a number of tokens to think for. */
  private static boolean isEffort(JsonNode said) {
    return said.isNumber()
        ? said.asLong() > 0
        : said.isTextual() && !said.asText().equalsIgnoreCase("none");
  }

  /** Returns what a route fixes, else what was sent, else what the route adds. */
  private static JsonNode inForce(TargetRuntime target, String name, JsonNode sent) {
    JsonNode fixed = target.set().get(name);
    JsonNode added = target.defaults().get(name);
    return either(
        fixed == null ? nothing() : fixed, either(sent, added == null ? nothing() : added));
  }

  private static JsonNode either(JsonNode first, JsonNode otherwise) {
    return first.isMissingNode() || first.isNull() ? otherwise : first;
  }

  private static JsonNode nothing() {
    return MissingNode.getInstance();
  }

  private static JsonNode sent(Call call, String name) {
    RequestBody body = call.requestBody();
    int at = body.indexOf(name);
    if (at < 0) {
      return nothing();
    }
    try {
      return MAPPER.readTree(body.raw(at));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a body that was read is not JSON", e);
    }
  }
}
