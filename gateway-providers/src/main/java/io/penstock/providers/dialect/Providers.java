package io.penstock.providers.dialect;

import io.penstock.core.Dialect;
import io.penstock.providers.Provider;

/** The provider of each dialect. */
public final class Providers {
  private static final Provider OPENAI = new OpenAiProvider();
  private static final Provider ANTHROPIC = new AnthropicProvider();
  private static final Provider GEMINI = new GeminiProvider();
  private static final Provider BEDROCK = new BedrockProvider();
  private static final Provider AZURE = new AzureProvider();
  private static final Provider VERTEX = new VertexProvider();
  private static final Provider COHERE = new CohereProvider();

  private Providers() {}

  /** Returns the shared provider of that dialect. */
  public static Provider of(Dialect dialect) {
    return switch (dialect) {
      // The demo provider speaks OpenAI's wire format.
      case OPENAI, DEMO -> OPENAI;
      case ANTHROPIC -> ANTHROPIC;
      case GEMINI -> GEMINI;
      case BEDROCK -> BEDROCK;
      case AZURE -> AZURE;
      case VERTEX -> VERTEX;
      case COHERE -> COHERE;
    };
  }
}
