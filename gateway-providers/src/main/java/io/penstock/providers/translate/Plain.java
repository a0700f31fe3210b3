package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Endpoint;

/** Whether a request asks for one answer in plain text. Stateless. */
final class Plain {
  private Plain() {}

  static boolean isAsked(Endpoint endpoint, ObjectNode request) {
    return switch (endpoint) {
      case MESSAGES -> messages(request);
      case GENERATE -> generate(request.path("generationConfig"));
      default -> chat(request);
    };
  }

  private static boolean chat(ObjectNode request) {
    String effort = Trees.textOr(request, "reasoning_effort");
    String format = Trees.textOr(request.path("response_format"), "type");
    return request.path("n").asInt(1) == 1
        && (format.isEmpty() || format.equals("text"))
        && (effort.isEmpty() || effort.equals("none"))
        && !request.path("logprobs").asBoolean()
        && isOff(request.path("audio"))
        && isOff(request.path("thinking"));
  }

  private static boolean messages(ObjectNode request) {
    return isOff(request.path("thinking"))
        && isOff(request.path("output_config").path("format"))
        && isOff(request.path("output_format"));
  }

  private static boolean generate(JsonNode config) {
    String type = Trees.textOr(config, "responseMimeType");
    return config.path("candidateCount").asInt(1) == 1
        && (type.isEmpty() || type.equals("text/plain"))
        && !config.path("responseLogprobs").asBoolean()
        && isOff(config.path("responseModalities"))
        && isOff(config.path("thinkingConfig"));
  }

  /** Absent, null, or said to be disabled. */
  private static boolean isOff(JsonNode setting) {
    return !Trees.present(setting) || Trees.textOr(setting, "type").equals("disabled");
  }
}
