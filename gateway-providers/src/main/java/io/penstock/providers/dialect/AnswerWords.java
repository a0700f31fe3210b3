package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.buffer.ByteBuf;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import java.io.IOException;
import java.util.Set;

/**
 * What a model put out in a whole answer of any client dialect: words, thoughts, refusals, names
 * and arguments of calls. A second pass over the body, so only for answers that came without usage.
 */
final class AnswerWords {
  /** The top-level fields that hold the output: chat, Responses, Messages, Gemini. */
  private static final Set<String> OUTPUT = Set.of("choices", "output", "content", "candidates");

  private static final Set<String> WORDS =
      Set.of(
          "text",
          "content",
          "refusal",
          "reasoning",
          "reasoning_content",
          "thinking",
          "name",
          "arguments",
          "input");

  /** Arguments that are objects: Messages, Gemini. */
  private static final Set<String> ARGUMENTS = Set.of("input", "args");

  /** Tells again what is in the text, or about it. */
  private static final Set<String> ASIDE =
      Set.of(
          "logprobs",
          "logprobsResult",
          "reasoning_details",
          "annotations",
          "citations",
          "citationMetadata",
          "groundingMetadata");

  private AnswerWords() {}

  /** Returns the answer with the same bytes, and its text where the usage is to be counted. */
  static Answer answer(ByteBuf body, String contentType, AnswerSummary summary) {
    String text = summary.usageReported() ? "" : of(body);
    return new Answer(body.retainedSlice(), contentType, summary, text);
  }

  /**
   * Returns the text.
   *
   * @param body borrowed; proven to be JSON
   */
  static String of(ByteBuf body) {
    StringBuilder text = new StringBuilder();
    try (JsonParser parser = JsonTrees.parser(body)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        if (OUTPUT.contains(field) && value.isStructStart()) {
          walk(parser, text);
        } else if (value == JsonToken.VALUE_STRING && field.equals("text")) {
          // A transcription.
          text.append(parser.getText());
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("the answer was read before", e);
    }
    return text.toString();
  }

  private static void walk(JsonParser parser, StringBuilder text) throws IOException {
    int depth = 1;
    while (depth > 0) {
      JsonToken token = parser.nextToken();
      String name = parser.currentName();
      if (token.isStructEnd()) {
        depth--;
      } else if (token.isStructStart()) {
        if (name != null && ASIDE.contains(name)) {
          parser.skipChildren();
        } else if (token == JsonToken.START_OBJECT && name != null && ARGUMENTS.contains(name)) {
          text.append(JsonTrees.MAPPER.writeValueAsString(parser.readValueAsTree()));
        } else {
          depth++;
        }
      } else if (token == JsonToken.VALUE_STRING && name != null && WORDS.contains(name)) {
        text.append(parser.getText());
      }
    }
  }
}
