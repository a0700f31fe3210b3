package io.penstock.cache;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request for embeddings, taken apart: each input has a key of its own, so that a batch pays only
 * for what was never asked. Texts and token lists of OpenAI's {@code input}, the {@code requests}
 * of Gemini's batch, and Gemini's single request as the batch of one that it is. Immutable; holds
 * the body.
 */
public final class EmbeddingInputs {
  private static final String USER = "user";

  private final byte[] body;
  private final Span whole;
  private final List<Span> inputs;
  private final List<CacheKey> keys;

  private EmbeddingInputs(byte[] body, Span whole, List<Span> inputs, List<CacheKey> keys) {
    this.body = body;
    this.whole = whole;
    this.inputs = inputs;
    this.keys = keys;
  }

  /** Bytes [from, to) of a body. */
  record Span(int from, int to) {
    int length() {
      return to - from;
    }
  }

  /** Takes a request apart; null when it is not of an endpoint or a shape that can be. */
  public static @Nullable EmbeddingInputs of(KeyInput input, byte[] body) {
    String field =
        switch (input.endpoint()) {
          case EMBEDDINGS -> "input";
          case BATCH_EMBED_CONTENTS -> "requests";
          case EMBED_CONTENT -> "content";
          default -> null;
        };
    if (field == null) {
      return null;
    }
    MessageDigest shared = CacheKeys.start(input);
    Span whole = null;
    List<Span> inputs = new ArrayList<>();
    try (JsonParser parser = RequestJson.FACTORY.createParser(body)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        boolean list = parser.currentToken() == JsonToken.START_ARRAY;
        if (name.equals(field) && whole == null && !(list && isSingle(input.endpoint()))) {
          whole = read(parser, inputs);
        } else if (name.equals(field)) {
          return null;
        } else if (name.equals(USER)) {
          parser.skipChildren();
        } else {
          CacheKeys.field(shared, name);
          CacheKeys.span(shared, parser, body);
        }
      }
    } catch (IOException malformed) {
      return null;
    }
    return whole == null || inputs.isEmpty()
        ? null
        : new EmbeddingInputs(body, whole, List.copyOf(inputs), keys(shared, inputs, body));
  }

  private static boolean isSingle(Endpoint endpoint) {
    return endpoint == Endpoint.EMBED_CONTENT;
  }

  /** Reads the inputs; a list of numbers is one input, what stands alone is one too. */
  private static Span read(JsonParser parser, List<Span> inputs) throws IOException {
    int start = CacheKeys.start(parser);
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      Span one = rest(parser, start);
      inputs.add(one);
      return one;
    }
    boolean tokens = false;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      tokens |= parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
      inputs.add(rest(parser, CacheKeys.start(parser)));
    }
    Span whole = new Span(start, CacheKeys.end(parser));
    if (tokens) {
      inputs.clear();
      inputs.add(whole);
    }
    return whole;
  }

  private static Span rest(JsonParser parser, int start) throws IOException {
    parser.skipChildren();
    return new Span(start, CacheKeys.end(parser));
  }

  private static List<CacheKey> keys(MessageDigest shared, List<Span> inputs, byte[] body) {
    byte[] prefix = shared.digest();
    List<CacheKey> keys = new ArrayList<>(inputs.size());
    for (Span input : inputs) {
      MessageDigest digest = CacheKeys.newDigest();
      digest.update(prefix);
      digest.update(body, input.from, input.length());
      keys.add(CacheKey.of(digest.digest()));
    }
    return List.copyOf(keys);
  }

  /** Returns the number of inputs, at least one. */
  public int size() {
    return keys.size();
  }

  /** Returns the key of an input. */
  public CacheKey key(int input) {
    return keys.get(input);
  }

  /**
   * Shares a count out among some inputs by their bytes; the parts add up, the others have 0.
   *
   * @param among at least one
   */
  public long[] shares(BitSet among, long count) {
    long all = among.stream().mapToLong(i -> inputs.get(i).length()).sum();
    long[] shares = new long[inputs.size()];
    long before = 0;
    for (int i = among.nextSetBit(0); i >= 0; i = among.nextSetBit(i + 1)) {
      long upTo = before + inputs.get(i).length();
      shares[i] = count * upTo / all - count * before / all;
      before = upTo;
    }
    return shares;
  }

  /** Returns the body that asks for the inputs not in {@code known} only, else as it was. */
  public byte[] without(BitSet known) {
    if (known.isEmpty()) {
      return body;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(body.length);
    out.write(body, 0, whole.from);
    byte separator = '[';
    for (int i = known.nextClearBit(0); i < inputs.size(); i = known.nextClearBit(i + 1)) {
      out.write(separator);
      out.write(body, inputs.get(i).from, inputs.get(i).length());
      separator = ',';
    }
    out.write(']');
    out.write(body, whole.to, body.length - whole.to);
    return out.toByteArray();
  }
}
