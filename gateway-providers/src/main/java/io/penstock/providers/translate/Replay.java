package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.penstock.core.Endpoint;
import io.penstock.core.body.SseOverflowException;
import io.penstock.core.price.Usage;
import io.penstock.providers.ProviderException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Turns a client's stream into the unary answer that says the same, and back, so that a cache keeps
 * one entry for both. Serves chat, completions, responses, messages and generate; fields that
 * Penstock does not know are kept. Pure; any thread.
 */
public final class Replay {
  private Replay() {}

  /** Returns whether answers of the endpoint can be replayed. */
  public static boolean serves(Endpoint endpoint) {
    return endpoint.isConversation() || endpoint == Endpoint.COMPLETIONS;
  }

  /**
   * Returns the unary answer; null when the stream is not whole, so that it must not be stored.
   *
   * @param stream the client's bytes: server-sent events, or Gemini's JSON array
   */
  public static byte @Nullable [] aggregate(Endpoint endpoint, byte[] stream) {
    Aggregate whole = Aggregate.of(endpoint);
    try {
      if (stream.length > 0 && stream[0] == '[') {
        if (!(Trees.parse(new String(stream, StandardCharsets.UTF_8))
            instanceof ArrayNode chunks)) {
          return null;
        }
        chunks.forEach(chunk -> feed(whole, Trees.string(chunk)));
      } else {
        scan(whole, stream);
      }
      return whole.complete() ? Trees.bytes(whole.answer()) : null;
    } catch (ProviderException | SseOverflowException e) {
      return null;
    }
  }

  /**
   * Does the same for an answer that is to be stored: what the gateway itself said about its cost
   * is left out, and the usage is filled in where the client had not asked for it.
   *
   * @param usage what the provider reported
   */
  public static byte @Nullable [] aggregate(Endpoint endpoint, byte[] stream, Usage usage) {
    byte[] whole = aggregate(endpoint, stream);
    if (whole == null || endpoint == Endpoint.RESPONSES || endpoint == Endpoint.MESSAGES) {
      return whole;
    }
    ObjectNode answer = Trees.answer(whole);
    if (endpoint == Endpoint.GENERATE) {
      answer.remove("penstock");
      if (answer.get("usageMetadata") instanceof ObjectNode shown) {
        shown.remove("penstock");
      }
      return Trees.bytes(answer);
    }
    if (answer.get("usage") instanceof ObjectNode shown) {
      shown.remove("penstock");
    } else if (!usage.equals(Usage.NONE)) {
      answer.set("usage", UsageWriters.chat(usage));
    }
    return Trees.bytes(answer);
  }

  private static void scan(Aggregate whole, byte[] stream) {
    ByteBuf bytes = Unpooled.wrappedBuffer(stream);
    try (Frames frames = Frames.sse(UnpooledByteBufAllocator.DEFAULT)) {
      Frames.Listener listener =
          (type, data, from, to) ->
              feed(whole, new String(data, from, to - from, StandardCharsets.UTF_8));
      frames.feed(bytes, listener);
      frames.finish(listener);
    } finally {
      bytes.release();
    }
  }

  private static void feed(Aggregate whole, String data) {
    if (data.equals("[DONE]")) {
      whole.done();
    } else {
      whole.event(null, Trees.answer(data), false);
    }
  }

  /**
   * Returns the stream that says the same as a unary answer, usage included.
   *
   * @param answer a unary answer in the endpoint's dialect
   * @param includeUsage whether a chat client asked for the usage chunk
   * @param arraySplit Gemini without {@code alt=sse}: one JSON array
   * @param penstock the JSON object that says cost and savings, or null
   * @throws ProviderException when the answer is not one of that endpoint
   */
  public static byte[] expand(
      Endpoint endpoint,
      byte[] answer,
      boolean includeUsage,
      boolean arraySplit,
      @Nullable String penstock) {
    ObjectNode whole = Trees.answer(answer);
    EventBuffer events = new EventBuffer(UnpooledByteBufAllocator.DEFAULT, arraySplit);
    try {
      switch (endpoint) {
        case RESPONSES -> ResponsesExpansion.expand(whole, events, penstock);
        case MESSAGES -> MessagesExpansion.expand(whole, events, penstock);
        case GENERATE -> events.event(null, GenerateAnswerWriter.withCost(whole, penstock), true);
        default -> ChatExpansion.expand(whole, events, includeUsage, penstock);
      }
      events.endArray();
      ByteBuf bytes = events.take();
      try {
        return bytes == null ? new byte[0] : ByteBufUtil.getBytes(bytes);
      } finally {
        if (bytes != null) {
          bytes.release();
        }
      }
    } finally {
      events.close();
    }
  }
}
