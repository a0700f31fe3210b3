package io.penstock.providers.dialect;

import io.penstock.core.Dialect;
import io.penstock.providers.Provider;

/** The provider of each dialect. */
public final class Providers {
  private static final Provider OPENAI = new OpenAiProvider();

  private Providers() {}

  /** Returns the shared provider of that dialect. */
  public static Provider of(Dialect dialect) {
    return switch (dialect) {
      // The demo provider speaks OpenAI's wire format.
      case OPENAI, DEMO -> OPENAI;
      case ANTHROPIC, GEMINI, BEDROCK, AZURE, VERTEX, COHERE ->
          throw new IllegalArgumentException(
              "dialect: " + dialect.label() + " (expected: openai; the others are not served yet)");
    };
  }
}
