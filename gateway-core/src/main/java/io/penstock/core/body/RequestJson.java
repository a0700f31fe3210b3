package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * How bodies are read, the first time and again: what the first reading took, no later one may
 * refuse. A text may be as long as the body, whose length is limited already; a number may not: to
 * make one of it takes a time that grows with the square of its digits.
 */
public final class RequestJson {
  /** Digits; more than any number that a model is told. */
  public static final int MAX_DIGITS = 1_000;

  /** Thread-safe. */
  public static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(RequestBody.MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(MAX_DIGITS)
                  .maxNameLength(1024)
                  .build())
          .disable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
          .build();

  /** Makes trees; thread-safe. For one field there is {@link RequestBody#tree}. */
  public static final ObjectMapper MAPPER = new ObjectMapper(FACTORY.copy());

  private RequestJson() {}
}
