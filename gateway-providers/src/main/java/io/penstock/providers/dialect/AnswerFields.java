package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.netty.buffer.ByteBuf;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.ProviderException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The top-level fields of an answer that matter, read in one streaming pass that also proves the
 * answer whole; the others are skipped, not built.
 */
final class AnswerFields {
  private final Map<String, JsonNode> fields = new HashMap<>();
  private boolean whole;

  private AnswerFields() {}

  /** Reads the named fields of an answer whose errors cost nothing. */
  static AnswerFields read(ByteBuf body, Set<String> names, Set<String> expected) {
    return read(body, names, expected, error -> AnswerSummary.NONE);
  }

  /**
   * Reads the named fields.
   *
   * @param expected one of them must be there, or it is no answer
   * @param told reads what an error tells of its cost
   * @throws ProviderException when it is malformed or an error
   */
  static AnswerFields read(
      ByteBuf body,
      Set<String> names,
      Set<String> expected,
      Function<AnswerFields, AnswerSummary> told) {
    AnswerFields answer = new AnswerFields();
    JsonTrees.eachField(
        body,
        (name, value) -> {
          answer.whole |= expected.contains(name);
          if (names.contains(name) || name.equals("error")) {
            answer.fields.put(name, value.readValueAsTree());
          } else {
            value.skipChildren();
          }
        });
    JsonNode error = answer.get("error");
    if (error.isObject() || error.isTextual()) {
      AnswerSummary known = told.apply(answer);
      throw new ProviderException(
          Failures.inside(error), known.usage().isEmpty() ? AnswerSummary.NONE : known);
    }
    if (!answer.whole) {
      throw Failures.malformed("The provider's answer lacks " + expected + ".");
    }
    return answer;
  }

  /** Returns a field that was asked for; a missing node when it is absent. */
  JsonNode get(String name) {
    return fields.getOrDefault(name, MissingNode.getInstance());
  }

  /** Returns whether the field is there. */
  boolean has(String name) {
    return fields.containsKey(name);
  }
}
