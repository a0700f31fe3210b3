package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Usage;
import io.penstock.providers.ProviderCall;
import java.util.List;

/**
 * Counting the input tokens of a conversation where the provider counts: Anthropic and Gemini. It
 * costs nothing, so the usage is empty. Elsewhere the gateway estimates.
 */
final class CountTokens {
  /** What Vertex AI counts; it knows no wrapped request. */
  private static final List<String> VERTEX =
      List.of("contents", "systemInstruction", "tools", "generationConfig");

  private CountTokens() {}

  static boolean serves(Endpoint endpoint, Dialect to) {
    boolean asked =
        endpoint == Endpoint.COUNT_TOKENS
            || endpoint == Endpoint.GEMINI_COUNT_TOKENS
            || endpoint == Endpoint.RESPONSES_INPUT_TOKENS;
    return asked && (to == Dialect.ANTHROPIC || to == Dialect.GEMINI);
  }

  /** Returns what the client wrote about the conversation; Gemini may wrap it. */
  static ObjectNode conversation(ObjectNode request) {
    for (String wrapper : List.of("generateContentRequest", "generate_content_request")) {
      if (request.get(wrapper) instanceof ObjectNode wrapped) {
        return wrapped;
      }
    }
    return request;
  }

  /** Returns the body that asks for the count, from the one that would ask for an answer. */
  static ObjectNode request(ProviderCall call, ObjectNode body, Dialect to) {
    if (call.target().dialect() == Dialect.VERTEX && to == Dialect.GEMINI) {
      return body.retain(VERTEX);
    }
    if (to == Dialect.GEMINI) {
      ObjectNode counted = Trees.object();
      ObjectNode wrapped = counted.putObject("generateContentRequest");
      wrapped.put("model", "models/" + call.target().model()).setAll(body);
      return counted;
    }
    List.of(
            "max_tokens",
            "stream",
            "temperature",
            "top_p",
            "top_k",
            "stop_sequences",
            "metadata",
            "service_tier")
        .forEach(body::remove);
    return body;
  }

  static UnaryAttempt.Result answer(Endpoint endpoint, ObjectNode answer) {
    JsonNode count =
        answer.has("totalTokens") ? answer.path("totalTokens") : answer.path("input_tokens");
    if (!count.isIntegralNumber()) {
      throw Trees.malformed("the answer has no token count");
    }
    ObjectNode written = Trees.object();
    switch (endpoint) {
      case GEMINI_COUNT_TOKENS -> written.set("totalTokens", count);
      case RESPONSES_INPUT_TOKENS ->
          written.put("object", "response.input_tokens").set("input_tokens", count);
      default -> written.set("input_tokens", count);
    }
    return new UnaryAttempt.Result(written, Usage.NONE, true);
  }
}
