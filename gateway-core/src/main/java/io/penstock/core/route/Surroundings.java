package io.penstock.core.route;

import io.penstock.core.ErrorCode;
import org.jspecify.annotations.Nullable;

/** What the planner asks the server about a target for this request. On the exchange's loop. */
public interface Surroundings {
  /** Why {@link #unfit} passes a target over, where that would be the same for the next request. */
  String NOT_SERVED = "does not serve it";

  /** With the only provider that can go on with it behind it. */
  String KEPT_AT = "the conversation is kept at ";

  String NO_PRICE = "no price";

  /** With the meter behind it. */
  String NO_RATE = "no price for ";

  /** Of a provider whose credentials are fetched: the next request may find one. */
  String NO_CREDENTIAL = "no credential";

  String OVER_CEILING = "over the ceiling";
  String SHORT_CONTEXT = "context too short";

  /** Why a target is put off of which {@link #shortContext} says so. */
  String LIKELY_SHORT = "context likely too short";

  /** Returns what a request is refused with when all its targets were passed over for that. */
  static ErrorCode refusal(String why) {
    if (why.startsWith(NO_RATE)) {
      return ErrorCode.MODEL_NOT_PRICED;
    }
    if (why.startsWith(KEPT_AT)) {
      return ErrorCode.UNSUPPORTED_PARAMETER;
    }
    return switch (why) {
      case NOT_SERVED -> ErrorCode.UNSUPPORTED_PARAMETER;
      case NO_PRICE -> ErrorCode.MODEL_NOT_PRICED;
      case OVER_CEILING -> ErrorCode.BUDGET_EXCEEDED;
      case SHORT_CONTEXT -> ErrorCode.CONTEXT_LENGTH_EXCEEDED;
      default -> ErrorCode.NO_HEALTHY_TARGET;
    };
  }

  /**
   * Returns why this target cannot be tried, in a few words for the log and for explain
   * (capability, context, unknown price, no key, ceiling, concurrency), or null when it can.
   */
  @Nullable String unfit(Candidate candidate);

  /**
   * Returns the context of a target that is likely too short for this request, tokens; 0 when it is
   * likely long enough or nobody knows. Only an estimate: such a target is asked when no other is
   * left that takes more.
   */
  default long shortContext(Candidate candidate) {
    return 0;
  }

  /** Returns the usual context of a target, tokens; 0 when nobody knows. */
  default long context(Candidate candidate) {
    return 0;
  }

  /**
   * Returns the expected cost of this request on {@code provider/model}, nano-USD, or -1 when its
   * price is unknown.
   *
   * @param warmTokens input tokens that the provider has in its prompt cache
   * @param outputTokens expected output; 0: nothing learned, the caller takes the request's cap
   */
  long expectedCost(String target, long warmTokens, long outputTokens);

  /** Returns how much the prompt needs a strong model by that router, 0..1. */
  double complexity(Router router);

  /**
   * Returns a hash of how this conversation opens, for routes that are sticky by conversation: of
   * the tenant and the first {@link #OPENING_CHARS} characters of system prompt and messages; 0
   * when the endpoint has no conversation.
   */
  default long opening() {
    return 0;
  }

  /**
   * About three provider cache blocks of 512 tokens. Shorter openings, a shared system prompt for
   * one, pile all on one target; longer ones part conversations that share a prefix.
   */
  int OPENING_CHARS = 6144;
}
