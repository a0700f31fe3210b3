package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Parsers for what providers send: strings of any length (images), bounded depth. */
final class JsonTrees {
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(512)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

  private JsonTrees() {}

  static JsonParser parser(byte[] json, int from, int to) throws IOException {
    return MAPPER.createParser(json, from, to - from);
  }

  /** Returns a parser over a borrowed buffer, which stays unread. */
  static JsonParser parser(ByteBuf json) throws IOException {
    if (json.hasArray()) {
      return MAPPER.createParser(
          json.array(), json.arrayOffset() + json.readerIndex(), json.readableBytes());
    }
    InputStream stream = new ByteBufInputStream(json.duplicate());
    return MAPPER.createParser(stream);
  }

  /** What is done with one field of an object; its value is read to its end. */
  interface Field {
    /** The parser stands at the first token of the value. */
    void read(String name, JsonParser value) throws IOException;
  }

  /**
   * Reads an answer that is one JSON object, field by field, to its end.
   *
   * @throws io.penstock.providers.ProviderException when it is none or is not whole
   */
  static void eachField(ByteBuf answer, Field field) {
    try (JsonParser parser = parser(answer)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw Failures.malformed("The provider's answer is not a JSON object.");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        field.read(name, parser);
      }
      if (parser.nextToken() != null) {
        throw Failures.malformed("The provider's answer goes on after its end.");
      }
    } catch (IOException e) {
      throw Failures.malformed("The provider's answer is not well-formed JSON.");
    }
  }

  /** Returns the value at that range, or a missing node when it is not JSON. */
  static JsonNode read(byte[] json, int from, int to) {
    try {
      return MAPPER.readTree(json, from, to - from);
    } catch (IOException e) {
      return MissingNode.getInstance();
    }
  }

  /** Returns the value, or a missing node when it is not JSON. */
  static JsonNode read(ByteBuf json) {
    try (JsonParser parser = parser(json)) {
      JsonNode tree = MAPPER.readTree(parser);
      return tree == null ? MissingNode.getInstance() : tree;
    } catch (IOException e) {
      return MissingNode.getInstance();
    }
  }
}
