package io.penstock.core;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A wire format for model calls. The first three are also spoken by clients; the others only by
 * providers.
 */
public enum Dialect {
  OPENAI,
  ANTHROPIC,
  GEMINI,
  BEDROCK,
  AZURE,
  VERTEX,
  COHERE,
  /** The built-in demo provider: OpenAI's wire format, answered inside the process. */
  DEMO;

  /** Returns the name used in configuration, for example {@code openai}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the dialect of that configuration name, or null when there is none. */
  public static @Nullable Dialect ofLabel(String label) {
    for (Dialect dialect : values()) {
      if (dialect.label().equals(label)) {
        return dialect;
      }
    }
    return null;
  }
}
