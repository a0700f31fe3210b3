package io.penstock.cache;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.penstock.core.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request for embeddings, taken apart: each input has a key of its own, so that a batch pays only
 * for what was never asked. Texts and token lists of OpenAI's {@code input}, and the {@code
 * requests} of Gemini's batch. Immutable; holds the body.
 */
public final class EmbeddingInputs {
  private static final JsonFactory JSON = new JsonFactory();
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
          default -> null;
        };
    if (field == null) {
      return null;
    }
    MessageDigest shared = CacheKeys.start(input);
    Span whole = null;
    List<Span> inputs = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(body)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals(field) && whole == null) {
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

  /** Reads the inputs; a list of numbers is one input, a text alone is one too. */
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

  /**
   * Returns the vectors of an answer in the order of its inputs, each as its raw JSON; empty when
   * the answer does not have exactly {@code expected}.
   */
  public static List<byte[]> vectors(Endpoint endpoint, byte[] answer, int expected) {
    boolean gemini = endpoint == Endpoint.BATCH_EMBED_CONTENTS;
    byte[][] vectors = new byte[expected][];
    int found = 0;
    try (JsonParser parser = JSON.createParser(answer)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean list = parser.currentName().equals(gemini ? "embeddings" : "data");
        if (parser.nextToken() != JsonToken.START_ARRAY || !list) {
          parser.skipChildren();
          continue;
        }
        while (parser.nextToken() == JsonToken.START_OBJECT) {
          Item item = gemini ? whole(parser, found, answer) : item(parser, answer);
          if (item == null || item.index >= expected || vectors[item.index] != null) {
            return List.of();
          }
          vectors[item.index] = item.vector.clone();
          found++;
        }
      }
    } catch (IOException malformed) {
      return List.of();
    }
    return found == expected ? List.of(vectors) : List.of();
  }

  /** One vector of an answer. */
  private static final class Item {
    private final int index;
    private final byte[] vector;

    Item(int index, byte[] vector) {
      this.index = index;
      this.vector = vector;
    }
  }

  private static Item whole(JsonParser parser, int index, byte[] answer) throws IOException {
    return new Item(index, cut(parser, answer));
  }

  private static @Nullable Item item(JsonParser parser, byte[] answer) throws IOException {
    int index = -1;
    byte[] vector = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken token = parser.nextToken();
      if (name.equals("index") && token == JsonToken.VALUE_NUMBER_INT) {
        index = parser.getIntValue();
      } else if (name.equals("embedding")) {
        vector = cut(parser, answer);
      } else {
        parser.skipChildren();
      }
    }
    return index < 0 || vector == null ? null : new Item(index, vector);
  }

  private static byte[] cut(JsonParser parser, byte[] answer) throws IOException {
    Span span = rest(parser, CacheKeys.start(parser));
    return Arrays.copyOfRange(answer, span.from, span.to);
  }

  /**
   * Returns the answer made of vectors as {@link #vectors} gave them.
   *
   * @param model the upstream model
   * @param tokens input tokens of all of them
   */
  public static byte[] answer(Endpoint endpoint, List<byte[]> vectors, String model, long tokens) {
    boolean gemini = endpoint == Endpoint.BATCH_EMBED_CONTENTS;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    text(out, gemini ? "{\"embeddings\":[" : "{\"object\":\"list\",\"data\":[");
    for (int i = 0; i < vectors.size(); i++) {
      text(out, i == 0 ? "" : ",");
      text(out, gemini ? "" : "{\"object\":\"embedding\",\"index\":" + i + ",\"embedding\":");
      out.writeBytes(vectors.get(i));
      text(out, gemini ? "" : "}");
    }
    String usage = "\"usage\":{\"prompt_tokens\":" + tokens + ",\"total_tokens\":" + tokens + "}";
    String quoted = new String(JsonStringEncoder.getInstance().quoteAsString(model));
    text(out, gemini ? "]}" : "],\"model\":\"" + quoted + "\"," + usage + "}");
    return out.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
