package io.penstock.server.call.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Usage;
import io.penstock.core.rule.Facts;
import io.penstock.providers.AnswerSummary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a condition may ask about an answer in the client's dialect. A full parse, so only where
 * something judges the answer. Stateless.
 */
public final class AnswerText {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final String EVENT_DATA = "data:";

  private AnswerText() {}

  /**
   * Returns the facts of a whole answer; of no text when the body is not readable.
   *
   * @param summary what its reader told: the finish is in its words
   */
  static Facts.ResponseFacts whole(Endpoint endpoint, byte[] body, AnswerSummary summary) {
    JsonNode root = json(body);
    return facts(text(endpoint, root), logprob(new Mean(), root), summary);
  }

  /**
   * The same with the finish in the dialect's words, and no tokens: for comparing two answers of
   * one dialect that no reader has told of. Conditions have other words.
   */
  public static Facts.ResponseFacts inOwnWords(Endpoint endpoint, byte[] body) {
    JsonNode root = json(body);
    String finish = finish(endpoint, root);
    return facts(
        text(endpoint, root),
        logprob(new Mean(), root),
        new AnswerSummary(Usage.NONE, false, finish, false));
  }

  private static JsonNode json(byte[] body) {
    try {
      return MAPPER.readTree(body);
    } catch (IOException e) {
      return MAPPER.missingNode();
    }
  }

  private static String finish(Endpoint endpoint, JsonNode root) {
    JsonNode word =
        switch (endpoint) {
          case CHAT, COMPLETIONS -> root.path("choices").path(0).path("finish_reason");
          case MESSAGES -> root.path("stop_reason");
          case GENERATE -> root.path("candidates").path(0).path("finishReason");
          default -> root.path("status");
        };
    return word.asText("");
  }

  /**
   * Returns the facts of a streamed answer.
   *
   * @param relayed its text
   * @param events its events so far, borrowed: where log-probabilities are
   */
  static Facts.ResponseFacts streamed(
      CharSequence relayed, List<ByteBuf> events, AnswerSummary summary) {
    Mean mean = new Mean();
    double logprob = 0;
    for (ByteBuf bytes : events) {
      String text = bytes.toString(StandardCharsets.UTF_8);
      if (!text.contains("\"logprobs\"")) {
        continue;
      }
      for (String line : text.split("\n", -1)) {
        logprob = line.startsWith(EVENT_DATA) ? logprob(mean, json(line)) : logprob;
      }
    }
    return facts(relayed.toString(), logprob, summary);
  }

  private static JsonNode json(String line) {
    try {
      return MAPPER.readTree(line.substring(EVENT_DATA.length()));
    } catch (JsonProcessingException e) {
      // [DONE], and whatever else is no JSON, has no log-probabilities.
      return MAPPER.missingNode();
    }
  }

  private static Facts.ResponseFacts facts(String text, double logprob, AnswerSummary summary) {
    return new Facts.ResponseFacts(
        text, summary.finish(), isJson(text), logprob, summary.usage().outputTokens());
  }

  private static boolean isJson(String text) {
    String trimmed = text.strip();
    if (trimmed.isEmpty()) {
      return false;
    }
    try {
      MAPPER.readTree(trimmed);
      return true;
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private static String text(Endpoint endpoint, JsonNode root) {
    return switch (endpoint) {
      case CHAT -> joined(root.path("choices").path(0).path("message").path("content"));
      case COMPLETIONS -> root.path("choices").path(0).path("text").asText();
      case MESSAGES -> joined(root.path("content"));
      case GENERATE -> joined(root.path("candidates").path(0).path("content").path("parts"));
      case RESPONSES -> {
        StringBuilder text = new StringBuilder();
        for (JsonNode item : root.path("output")) {
          text.append(
              item.path("type").asText().equals("message") ? joined(item.path("content")) : "");
        }
        yield text.toString();
      }
      default -> "";
    };
  }

  /** Returns a string, or the texts of a list of parts. */
  private static String joined(JsonNode content) {
    if (content.isTextual()) {
      return content.asText();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      text.append(part.path("thought").asBoolean() ? "" : part.path("text").asText());
    }
    return text.toString();
  }

  /** A running mean. */
  private static final class Mean {
    private double sum;
    private int count;

    double add(double value) {
      sum += value;
      return sum / ++count;
    }
  }

  /** Returns the mean log-probability of the tokens so far: OpenAI's shapes, else Gemini's own. */
  private static double logprob(Mean mean, JsonNode root) {
    double result = mean.count == 0 ? 0 : mean.sum / mean.count;
    JsonNode logprobs = root.path("choices").path(0).path("logprobs");
    for (JsonNode token : logprobs.path("content")) {
      result = mean.add(token.path("logprob").asDouble());
    }
    for (JsonNode token : logprobs.path("token_logprobs")) {
      result = mean.add(token.asDouble());
    }
    JsonNode average = root.path("candidates").path(0).path("avgLogprobs");
    return average.isNumber() ? average.asDouble() : result;
  }
}
