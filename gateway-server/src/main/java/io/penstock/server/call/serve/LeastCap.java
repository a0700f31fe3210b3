package io.penstock.server.call.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.penstock.core.Dialect;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.WholeNumber;
import io.penstock.providers.translate.AnthropicModels;
import io.penstock.server.call.Call;
import io.penstock.server.targets.TargetRuntime;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The least output cap that a request can be sent with. A Claude model refuses one that does not
 * exceed the tokens that it is to think for, and what is over them is all that it may answer with.
 * Stateless.
 */
public final class LeastCap {
  /** Less is no answer worth paying for. */
  private static final long OF_ANY = 16;

  /** The fewest tokens that Anthropic lets a model think for. */
  private static final long THOUGHTS = 1024;

  private static final String EFFORT = "reasoning_effort";
  private static final String THINKING = "thinking";

  private LeastCap() {}

  /**
   * Where a request goes.
   *
   * @param client the dialect that it is asked in
   * @param set what the route fixes of the body
   * @param defaults what the route adds to it
   */
  public record Way(
      Dialect client,
      Dialect provider,
      String model,
      Map<String, JsonNode> set,
      Map<String, JsonNode> defaults) {
    private boolean isTranslated() {
      return client != Dialect.ANTHROPIC;
    }
  }

  /**
   * Returns it, tokens of one answer. Reads parts of the body: only for who is to lower its cap.
   */
  static long of(Call call, TargetRuntime target) {
    Way way =
        new Way(
            call.dialect(),
            target.target().dialect(),
            target.model(),
            target.set(),
            target.defaults());
    return of(way, () -> way.isTranslated() ? nothing() : sent(call, THINKING), () -> asked(call));
  }

  /** Does the same for a request whose body is not known: by what its route says of thinking. */
  public static long of(Way way) {
    return of(way, LeastCap::nothing, LeastCap::nothing);
  }

  /**
   * Does the same.
   *
   * @param thinking what is sent as it stands: all of a client that speaks the dialect
   * @param effort what is asked for in the client's dialect
   */
  private static long of(Way way, Supplier<JsonNode> thinking, Supplier<JsonNode> effort) {
    if (!isClaude(way)) {
      return OF_ANY;
    }
    JsonNode enabled = inForce(way, THINKING, thinking.get());
    if (enabled.path("type").asText().equals("enabled")) {
      long budget = Math.max(THOUGHTS, enabled.path("budget_tokens").asLong());
      return Math.min(budget, WholeNumber.MOST) + OF_ANY;
    }
    // A translated budget is lowered with the cap.
    boolean thinks =
        way.isTranslated()
            && AnthropicModels.thinksByBudget(way.model())
            && isEffort(inForce(way, EFFORT, effort.get()));
    return thinks ? THOUGHTS + OF_ANY : OF_ANY;
  }

  private static boolean isClaude(Way way) {
    return switch (way.provider()) {
      case ANTHROPIC -> true;
      case BEDROCK, VERTEX -> way.model().contains("claude");
      default -> false;
    };
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
  private static JsonNode inForce(Way way, String name, JsonNode sent) {
    JsonNode fixed = way.set().get(name);
    JsonNode added = way.defaults().get(name);
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
    return at < 0 ? nothing() : body.tree(at);
  }
}
