package io.penstock.server.call.prompt;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.WholeNumber;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a Gemini request says of its answers. Google takes every name in two spellings, of which one
 * request has one, and a whole number as {@code 8}, {@code "8"}, {@code 8.0} or {@code 8e0}.
 *
 * @param tokens the output cap, or -1 for none
 * @param answers how many are asked for; -1 when it does not say
 */
public record GenerateConfig(long tokens, long answers) {
  private static final List<String> NAMES = List.of("generationConfig", "generation_config");
  private static final List<String> CAP = List.of("maxOutputTokens", "max_output_tokens");
  private static final List<String> ANSWERS = List.of("candidateCount", "candidate_count");

  private static final GenerateConfig NONE = new GenerateConfig(-1, -1);

  /** Returns whether a body has a configuration of its own. */
  public static boolean isIn(@Nullable RequestBody body) {
    return body != null && (body.has(NAMES.getFirst()) || body.has(NAMES.getLast()));
  }

  /**
   * Reads it.
   *
   * @throws GatewayException 400 that names the field
   */
  static GenerateConfig of(RequestBody body) {
    if (!isIn(body)) {
      return NONE;
    }
    if (body.has(NAMES.getFirst()) && body.has(NAMES.getLast())) {
      throw twice(NAMES);
    }
    String name = body.has(NAMES.getFirst()) ? NAMES.getFirst() : NAMES.getLast();
    int at = body.indexOf(name);
    if (body.token(at) != JsonToken.START_OBJECT) {
      throw GatewayException.invalid(name, "The field \"" + name + "\" must be an object.");
    }
    try (JsonParser parser = body.parser(at)) {
      return read(parser, name + ".");
    } catch (IOException e) {
      throw new IllegalStateException("the body was read before", e);
    }
  }

  private static GenerateConfig read(JsonParser parser, String path) throws IOException {
    long tokens = -1;
    long answers = -1;
    parser.nextToken();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.VALUE_NULL) {
        continue;
      }
      if (CAP.contains(name)) {
        tokens = once(tokens, CAP, number(parser, path + name));
      } else if (ANSWERS.contains(name)) {
        answers = once(answers, ANSWERS, number(parser, path + name));
      } else {
        parser.skipChildren();
      }
    }
    // Nothing at all is what an unset field is to Google.
    return new GenerateConfig(tokens == 0 ? -1 : tokens, answers);
  }

  private static long number(JsonParser parser, String param) throws IOException {
    String text = parser.currentToken().isScalarValue() ? parser.getText() : "";
    long number = WholeNumber.of(text);
    if (number < 0) {
      throw GatewayException.invalid(
          param, "The field \"" + param + "\" must be a whole number >= 0.");
    }
    return number;
  }

  private static long once(long before, List<String> names, long number) {
    if (before >= 0) {
      throw twice(names);
    }
    return number;
  }

  private static GatewayException twice(List<String> names) {
    return GatewayException.invalid(
        names.getFirst(),
        "The request has both \""
            + names.getFirst()
            + "\" and \""
            + names.getLast()
            + "\"; send one.");
  }
}
