package io.penstock.cache;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.penstock.core.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers with embeddings, taken apart vector by vector and put together again. Stateless; the
 * counterpart of {@link EmbeddingInputs}.
 */
public final class EmbeddingAnswers {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int LIKELY_DIMENSIONS = 1536;

  private EmbeddingAnswers() {}

  /**
   * Returns the vectors of an answer in the order of its inputs, each as its raw JSON; empty when
   * the answer does not have exactly {@code expected}.
   */
  public static List<byte[]> vectors(Endpoint endpoint, byte[] answer, int expected) {
    if (endpoint == Endpoint.EMBED_CONTENT) {
      byte[] vector = single(answer);
      return vector != null && expected == 1 ? List.of(vector) : List.of();
    }
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

  /** Returns the one vector of Gemini's answer to a single request, or null. */
  private static byte @Nullable [] single(byte[] answer) {
    byte[] vector = null;
    try (JsonParser parser = JSON.createParser(answer)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean found = parser.currentName().equals("embedding");
        if (parser.nextToken() == JsonToken.START_OBJECT && found) {
          vector = values(parser, answer);
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException malformed) {
      return null;
    }
    return vector;
  }

  /**
   * Returns the numbers of a vector as {@link #vectors} gave it: a list of them, or base64 of
   * little-endian floats.
   *
   * @throws IllegalArgumentException when it is neither
   */
  public static float[] numbers(byte[] vector) {
    try (JsonParser parser = JSON.createParser(vector)) {
      if (parser.nextToken() == JsonToken.VALUE_STRING) {
        FloatBuffer floats =
            ByteBuffer.wrap(parser.getBinaryValue()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float[] numbers = new float[floats.remaining()];
        floats.get(numbers);
        return numbers;
      }
      float[] numbers = new float[LIKELY_DIMENSIONS];
      int n = 0;
      while (parser.nextToken() != null && parser.currentToken().isNumeric()) {
        numbers = n < numbers.length ? numbers : Arrays.copyOf(numbers, n * 2);
        numbers[n++] = parser.getFloatValue();
      }
      if (parser.currentToken() == JsonToken.END_ARRAY) {
        return Arrays.copyOf(numbers, n);
      }
    } catch (IOException malformed) {
      throw new IllegalArgumentException(
          "vector: not JSON (expected: a list of numbers)", malformed);
    }
    throw new IllegalArgumentException("vector: something else (expected: a list of numbers)");
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

  private static @Nullable Item whole(JsonParser parser, int index, byte[] answer)
      throws IOException {
    byte[] object = values(parser, answer);
    return object == null ? null : new Item(index, object);
  }

  /** Returns Gemini's object around a vector; null when there are no numbers in it. */
  private static byte @Nullable [] values(JsonParser parser, byte[] answer) throws IOException {
    int start = CacheKeys.start(parser);
    boolean sound = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean values = parser.currentName().equals("values");
      parser.nextToken();
      if (values) {
        sound = rawVector(parser, answer) != null;
      } else {
        parser.skipChildren();
      }
    }
    return sound ? Arrays.copyOfRange(answer, start, CacheKeys.end(parser)) : null;
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
        vector = rawVector(parser, answer);
      } else {
        parser.skipChildren();
      }
    }
    return index < 0 || vector == null ? null : new Item(index, vector);
  }

  /** Returns a vector as it stands there, numbers or base64 of them; null when it is neither. */
  private static byte @Nullable [] rawVector(JsonParser parser, byte[] answer) throws IOException {
    int start = CacheKeys.start(parser);
    boolean sound = parser.currentToken() == JsonToken.VALUE_STRING && parser.getTextLength() > 0;
    if (parser.currentToken() == JsonToken.START_ARRAY) {
      boolean others = false;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        sound = true;
        others |= !parser.currentToken().isNumeric();
        parser.skipChildren();
      }
      sound &= !others;
    } else {
      parser.skipChildren();
    }
    return sound ? Arrays.copyOfRange(answer, start, CacheKeys.end(parser)) : null;
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
    if (endpoint == Endpoint.EMBED_CONTENT) {
      text(out, "{\"embedding\":");
      out.writeBytes(vectors.getFirst());
      text(out, "}");
      return out.toByteArray();
    }
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
