package io.penstock.server.call;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import java.io.IOException;

/** The output cap and the number of answers that a request asks for. Stateless. */
final class OutputCap {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private OutputCap() {}

  /**
   * Returns the output tokens asked for, or -1 when the request names no cap.
   *
   * @throws GatewayException 400 when it is not a whole number, or two caps contradict each other
   */
  static long asked(Call call) {
    RequestBody body = call.body();
    if (body == null) {
      return -1;
    }
    return switch (call.surface().endpoint()) {
      case CHAT -> chat(body);
      // The legacy endpoint answers with 16 tokens when no cap is sent (finops.md 2.4).
      case COMPLETIONS -> body.count("max_tokens", 16);
      case MESSAGES -> body.count("max_tokens", -1);
      case RESPONSES -> body.count("max_output_tokens", -1);
      case GENERATE -> gemini(body, "maxOutputTokens");
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

  /** Returns how many answers are asked for: each may use the whole output cap. */
  static long answers(Call call) {
    RequestBody body = call.body();
    if (body == null) {
      return 1;
    }
    return switch (call.surface().endpoint()) {
      case CHAT -> Math.max(1, body.count("n", 1));
      case COMPLETIONS -> Math.max(body.count("best_of", 1), Math.max(1, body.count("n", 1)));
      case GENERATE -> Math.max(1, gemini(body, "candidateCount"));
      default -> 1;
    };
  }

  private static long gemini(RequestBody body, String field) {
    int i = body.indexOf("generationConfig");
    if (i < 0) {
      return -1;
    }
    try {
      JsonNode value =
          MAPPER.readTree(body.bytes(), body.start(i), body.end(i) - body.start(i)).path(field);
      return value.isIntegralNumber() && value.asLong() >= 0 ? value.asLong() : -1;
    } catch (IOException e) {
      return -1;
    }
  }
}
