package io.penstock.providers.translate;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.penstock.core.FailureKind;
import io.penstock.core.GatewayException;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.LongTexts;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** JSON trees: read, written, and small questions to them. */
final class Trees {
  /** A tree of small values takes many times its text; no conversation has nearly so many. */
  static final long MAX_REQUEST_TOKENS = 250_000;

  private static final ObjectMapper MAPPER = mapper(-1);
  private static final ObjectReader READER = MAPPER.reader();
  private static final ObjectReader REQUESTS = mapper(MAX_REQUEST_TOKENS).reader();
  private static final ObjectWriter WRITER = MAPPER.writer();

  private Trees() {}

  private static ObjectMapper mapper(long maxTokens) {
    return new ObjectMapper(
            new JsonFactoryBuilder()
                .streamReadConstraints(
                    StreamReadConstraints.builder()
                        .maxNestingDepth(RequestBody.MAX_DEPTH)
                        .maxStringLength(Integer.MAX_VALUE)
                        .maxTokenCount(maxTokens)
                        .build())
                .build())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /**
   * Returns a whole number that fits 64 bits, however it is written ({@code 100}, {@code 1e2},
   * {@code 100.0}), as such; null when the value is none.
   */
  static @Nullable JsonNode whole(JsonNode value) {
    if (!value.isNumber() || !value.canConvertToExactIntegral() || !value.canConvertToLong()) {
      return null;
    }
    return value.isIntegralNumber() ? value : LongNode.valueOf(value.longValue());
  }

  static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /** Reads a request that {@link RequestBody} has already found well-formed. */
  static ObjectNode request(RequestBody body) {
    try {
      if (read(REQUESTS, body.bytes()) instanceof ObjectNode tree) {
        return tree;
      }
    } catch (StreamConstraintsException e) {
      throw GatewayException.invalid(
          null,
          "The request has too many JSON tokens to be translated for its target (expected: at most "
              + MAX_REQUEST_TOKENS
              + ").");
    } catch (IOException e) {
      throw GatewayException.invalid(null, "The request body could not be read as JSON.");
    }
    throw GatewayException.invalid(null, "The request body is not a JSON object.");
  }

  private static JsonNode read(ObjectReader reader, byte[] json) throws IOException {
    if (json.length < BodyMemory.SMALL) {
      return reader.readTree(json);
    }
    try (JsonParser parser = LongTexts.over(reader.getFactory(), json)) {
      return reader.readTree(parser);
    }
  }

  /** Reads a provider's JSON object. */
  static ObjectNode answer(byte[] json) {
    try {
      if (read(READER, json) instanceof ObjectNode tree) {
        return tree;
      }
    } catch (IOException e) {
      throw malformed("the provider's answer is not JSON");
    }
    throw malformed("the provider's answer is not a JSON object");
  }

  /** Reads a JSON object in an event of a provider's stream. */
  static ObjectNode answer(String json) {
    if (parse(json) instanceof ObjectNode tree) {
      return tree;
    }
    throw malformed("an event of the provider's stream is not a JSON object");
  }

  /** Reads JSON text; null when it is none. */
  static @Nullable JsonNode parse(String json) {
    try {
      JsonNode tree = READER.readTree(json);
      return tree == null || tree.isMissingNode() ? null : tree;
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /**
   * Reads the arguments of a call. A model that has none may write nothing, blanks or {@code null}.
   *
   * @return null when they are not the JSON of an object
   */
  static @Nullable ObjectNode arguments(String json) {
    if (json.isBlank() || json.strip().equals("null")) {
      return object();
    }
    return parse(json) instanceof ObjectNode object ? object : null;
  }

  /**
   * Writes a tree whose text is long: first its length is found, so that nothing is copied as it
   * grows.
   */
  static byte[] longBytes(JsonNode tree) {
    try {
      Length length = new Length();
      WRITER.writeValue(length, tree);
      Exact exact = new Exact(length.bytes);
      WRITER.writeValue(exact, tree);
      return exact.bytes();
    } catch (IOException e) {
      throw new IllegalStateException("a JSON tree could not be written", e);
    }
  }

  /** Writes a tree that was made of a body of that length. */
  static ByteBuf buffer(JsonNode tree, int length, ByteBufAllocator allocator) {
    if (length >= BodyMemory.SMALL) {
      return Unpooled.wrappedBuffer(longBytes(tree));
    }
    byte[] bytes = bytes(tree);
    return allocator.buffer(bytes.length).writeBytes(bytes);
  }

  /** Counts what is written. */
  private static final class Length extends OutputStream {
    private int bytes;

    @Override
    public void write(int one) {
      bytes++;
    }

    @Override
    public void write(byte[] from, int offset, int count) {
      bytes += count;
    }
  }

  /** Gives its own array away. */
  private static final class Exact extends ByteArrayOutputStream {
    Exact(int size) {
      super(size);
    }

    byte[] bytes() {
      return buf;
    }
  }

  static byte[] bytes(JsonNode tree) {
    try {
      return WRITER.writeValueAsBytes(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree could not be written", e);
    }
  }

  static String string(JsonNode tree) {
    try {
      return WRITER.writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree could not be written", e);
    }
  }

  /** Returns a text field, or null when it is absent, null or something else. */
  static @Nullable String text(JsonNode tree, String field) {
    JsonNode value = tree.get(field);
    return value != null && value.isTextual() ? value.textValue() : null;
  }

  /** Returns a text field, or "". */
  static String textOr(JsonNode tree, String field) {
    String text = text(tree, field);
    return text == null ? "" : text;
  }

  /** Returns whether the node is there and not null. */
  static boolean present(@Nullable JsonNode node) {
    return node != null && !node.isNull() && !node.isMissingNode();
  }

  /** Returns the array of that name under the object, made when it is absent. */
  static ArrayNode arrayIn(ObjectNode tree, String field) {
    return tree.get(field) instanceof ArrayNode array ? array : tree.putArray(field);
  }

  /** Returns the object of that name under the object, made when it is absent. */
  static ObjectNode objectIn(ObjectNode tree, String field) {
    return tree.get(field) instanceof ObjectNode object ? object : tree.putObject(field);
  }

  /** A whole answer that the client's dialect has no form for. */
  static ProviderException untranslatable(String why) {
    return new ProviderException(Failure.of(FailureKind.UNTRANSLATABLE, why));
  }

  static ProviderException malformed(String why) {
    return new ProviderException(Failure.of(FailureKind.MALFORMED, why));
  }
}
