package io.penstock.server.call.prompt;

import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.WholeNumber;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The output cap and the number of answers that a request asks for.
 *
 * @param tokens the cap of each answer; -1 when the request names none
 */
public record OutputWish(long tokens, long answers) {
  /** What requests, and routes, say how many answers there are to be by. */
  public static final List<String> ANSWERS =
      List.of("n", "best_of", "candidateCount", "candidate_count");

  private static final Pattern COMMAS = Pattern.compile(",");

  /**
   * Reads what a body asks for; {@code Wants.wish} keeps it.
   *
   * @throws GatewayException 400 when it is not a whole number, or two caps contradict each other
   */
  public static OutputWish of(Endpoint endpoint, @Nullable RequestBody body) {
    return body == null
        ? new OutputWish(-1, 1)
        : new OutputWish(tokens(endpoint, body), answers(endpoint, body));
  }

  private static long tokens(Endpoint endpoint, RequestBody body) {
    return switch (endpoint) {
      case CHAT -> chat(body);
      case COMPLETIONS, MESSAGES -> body.count("max_tokens", -1);
      case RESPONSES -> body.count("max_output_tokens", -1);
      case GENERATE -> GenerateConfig.of(body).tokens();
      default -> 0;
    };
  }

  private static long chat(RequestBody body) {
    long old = body.count("max_tokens", -1);
    long current = body.count("max_completion_tokens", -1);
    if (old >= 0 && current >= 0 && old != current) {
      throw GatewayException.invalid(
          "max_tokens",
          "max_tokens is " + old + " and max_completion_tokens is " + current + "; send one.");
    }
    return current >= 0 ? current : old;
  }

  private static long answers(Endpoint endpoint, RequestBody body) {
    return switch (endpoint) {
      case CHAT -> Math.max(1, body.count("n", 1));
      case COMPLETIONS ->
          Math.clamp(Math.max(body.count("best_of", 1), body.count("n", 1)), 1, WholeNumber.MOST)
              * Math.max(1, JsonArrays.size(body, "prompt"));
      case GENERATE -> Math.max(1, GenerateConfig.of(body).answers());
      case IMAGES -> Math.max(1, body.count("n", 1));
      default -> 1;
    };
  }

  /**
   * Returns how many answers must come back to a request that passed {@link #of}.
   *
   * @param leftOut the fields that the target could not take, as a header says them: who cannot be
   *     asked for several gives one
   */
  public static long expected(Endpoint endpoint, RequestBody body, String leftOut) {
    for (String field : COMMAS.split(leftOut)) {
      if (ANSWERS.contains(field.substring(field.lastIndexOf('.') + 1))) {
        return 1;
      }
    }
    return switch (endpoint) {
      case CHAT, COMPLETIONS -> Math.max(1, body.count("n", 1));
      case GENERATE -> Math.max(1, GenerateConfig.of(body).answers());
      default -> 1;
    };
  }
}
