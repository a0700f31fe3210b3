package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.buffer.ByteBuf;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Told;
import java.io.IOException;
import java.io.Writer;
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

  /** More than any model puts out in one answer; what is longer is no words. Characters. */
  private static final int MOST = 4 << 20;

  private AnswerWords() {}

  /** Takes words until there are too many. */
  private static final class Words extends Writer {
    private final StringBuilder text = new StringBuilder();

    @Override
    public void write(char[] from, int offset, int length) {
      text.append(from, offset, Math.min(length, MOST - text.length()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
      return text.toString();
    }
  }

  /** Returns the answer with the same bytes, and its text where the usage is to be counted. */
  static Answer answer(ByteBuf body, String contentType, AnswerSummary summary) {
    String text = summary.usageReported() ? "" : of(body);
    return new Answer(body.retainedSlice(), contentType, summary, text);
  }

  /**
   * Returns what the usage of a conversation's whole answer tells.
   *
   * @param calls whether it calls a tool
   * @param body borrowed; proven to be JSON
   */
  static Told told(Usage usage, boolean calls, ByteBuf body) {
    boolean wrote = calls || usage.outputTokens() == 0 && !of(body).isEmpty();
    return Told.of(usage, true, wrote);
  }

  /**
   * Returns the text.
   *
   * @param body borrowed; proven to be JSON
   */
  static String of(ByteBuf body) {
    Words text = new Words();
    try (JsonParser parser = JsonTrees.parser(body)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        if (OUTPUT.contains(field) && value.isStructStart()) {
          walk(parser, text);
        } else if (value == JsonToken.VALUE_STRING && field.equals("text")) {
          // A transcription.
          parser.getText(text);
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("the answer was read before", e);
    }
    return text.toString();
  }

  private static void walk(JsonParser parser, Words text) throws IOException {
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
          text.write(JsonTrees.MAPPER.writeValueAsString(parser.readValueAsTree()));
        } else {
          depth++;
        }
      } else if (token == JsonToken.VALUE_STRING && name != null && WORDS.contains(name)) {
        parser.getText(text);
      }
    }
  }
}
