package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** What a translated call borrows from the provider's own dialect: paths, errors, framing. */
public interface Wiring {
  /** What is asked of the provider. */
  enum Operation {
    /**
     * OpenAI chat, Anthropic messages, Gemini generateContent, Bedrock converse, Cohere v2 chat.
     */
    CHAT,
    /** Anthropic count_tokens, Gemini countTokens. */
    COUNT_TOKENS,
    /** OpenAI embeddings, Gemini batchEmbedContents, Vertex AI embedContent, Cohere v2 embed. */
    EMBED,
    /** Vertex AI's predict of an embedding model. */
    PREDICT
  }

  /**
   * Returns the request with its path.
   *
   * @param body in the provider's dialect; model and route settings are in it
   * @param headers what the translation needs, for example {@code anthropic-version}
   */
  UpstreamRequest request(
      ProviderCall call, Operation operation, byte[] body, List<Header> headers);

  /** Says what an error object inside an answer or a stream means. */
  Failure failure(JsonNode error);

  /** Returns the framing of this provider's streams. */
  default Frames frames(ByteBufAllocator allocator) {
    return Frames.sse(allocator);
  }

  /** Returns an id for an answer whose provider gives none. */
  default String newId() {
    return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  }

  /** Returns the seconds since 1970. */
  default long epochSeconds() {
    return System.currentTimeMillis() / 1000;
  }
}
