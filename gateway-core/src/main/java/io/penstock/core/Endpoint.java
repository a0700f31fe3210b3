package io.penstock.core;

import org.jspecify.annotations.Nullable;

/**
 * What a client asks the gateway to do, by surface. The {@link #label()} is the value of the CEL
 * variable {@code endpoint}, of the metric label and of the ledger column.
 */
public enum Endpoint {
  CHAT("chat", Dialect.OPENAI),
  COMPLETIONS("completions", Dialect.OPENAI),
  EMBEDDINGS("embeddings", Dialect.OPENAI),
  MODERATIONS("moderations", Dialect.OPENAI),
  IMAGES("images", Dialect.OPENAI),
  /** Text to speech: JSON in, binary or SSE out. */
  SPEECH("speech", Dialect.OPENAI),
  /** Speech to text: multipart in. */
  TRANSCRIPTIONS("transcriptions", Dialect.OPENAI),
  /** Speech to English text: multipart in. */
  TRANSLATIONS("translations", Dialect.OPENAI),
  RERANK("rerank", Dialect.OPENAI),
  RESPONSES("responses", Dialect.OPENAI),
  RESPONSES_INPUT_TOKENS("input_tokens", Dialect.OPENAI),
  MESSAGES("messages", Dialect.ANTHROPIC),
  COUNT_TOKENS("count_tokens", Dialect.ANTHROPIC),
  GENERATE("generate", Dialect.GEMINI),
  GEMINI_COUNT_TOKENS("gemini_count_tokens", Dialect.GEMINI),
  EMBED_CONTENT("embed_content", Dialect.GEMINI),
  BATCH_EMBED_CONTENTS("batch_embed_contents", Dialect.GEMINI),
  /** A response that the provider keeps: GET, DELETE, cancel, input_items. */
  STORED_RESPONSE("stored_response", Dialect.OPENAI),
  /** A path named under {@code passthrough}: forwarded as it is, recorded as unpriced. */
  PASSTHROUGH("passthrough", Dialect.OPENAI),
  /** Listings and the key's own usage; no model is called. */
  MODELS("models", Dialect.OPENAI),
  USAGE("usage", Dialect.OPENAI);

  private final String label;
  private final Dialect dialect;

  Endpoint(String label, Dialect dialect) {
    this.label = label;
    this.dialect = dialect;
  }

  /** Returns the name in metrics, ledger and conditions. */
  public String label() {
    return label;
  }

  /** Returns the endpoint of that label, or null when there is none. */
  public static @Nullable Endpoint ofLabel(String label) {
    for (Endpoint endpoint : values()) {
      if (endpoint.label.equals(label)) {
        return endpoint;
      }
    }
    return null;
  }

  /** Returns the dialect in which errors of this endpoint are written. */
  public Dialect dialect() {
    return dialect;
  }

  /** Returns whether the gateway answers by itself, with what it knows: no model is called. */
  public boolean isOwn() {
    return this == MODELS || this == USAGE;
  }

  /** Returns whether input tokens are counted, which costs nothing. */
  public boolean countsTokens() {
    return switch (this) {
      case COUNT_TOKENS, GEMINI_COUNT_TOKENS, RESPONSES_INPUT_TOKENS -> true;
      default -> false;
    };
  }

  /** Returns whether its answers may be streams. */
  public boolean hasStreams() {
    return switch (this) {
      case COMPLETIONS, IMAGES, SPEECH, TRANSCRIPTIONS, TRANSLATIONS -> true;
      default -> isConversation();
    };
  }

  /** Returns whether what it answers with is text that a model writes. */
  public boolean isText() {
    return this == COMPLETIONS || isConversation();
  }

  /** Returns whether this endpoint produces model text by turns of a conversation. */
  public boolean isConversation() {
    return switch (this) {
      case CHAT, RESPONSES, MESSAGES, GENERATE -> true;
      default -> false;
    };
  }
}
