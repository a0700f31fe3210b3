package io.penstock.server.config.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import java.util.regex.Pattern;

/** YAML values as JSON, by the core schema of YAML 1.2. */
final class JsonText {
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]{1,100}");
  private static final Pattern DECIMAL =
      Pattern.compile(
          "[-+]?(?:[0-9]{1,100}(?:\\.[0-9]{0,100})?|\\.[0-9]{1,100})(?:[eE][-+]?[0-9]{1,3})?");
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private JsonText() {}

  static String of(Node node, Texts texts) throws Texts.Missing {
    return json(node, texts).toString();
  }

  private static JsonNode json(Node node, Texts texts) throws Texts.Missing {
    return switch (node) {
      case Node.Scalar scalar -> scalar(scalar, texts);
      case Node.Sequence sequence -> {
        ArrayNode array = JSON.arrayNode();
        for (Node item : sequence.items()) {
          array.add(json(item, texts));
        }
        yield array;
      }
      case Node.Mapping mapping -> {
        ObjectNode object = JSON.objectNode();
        for (Map.Entry<String, Node.Entry> entry : mapping.entries().entrySet()) {
          object.set(entry.getKey(), json(entry.getValue().value(), texts));
        }
        yield object;
      }
    };
  }

  private static JsonNode scalar(Node.Scalar scalar, Texts texts) throws Texts.Missing {
    if (scalar.isNull()) {
      return JSON.nullNode();
    }
    String text = texts.expand(scalar.text());
    if (!scalar.plain()) {
      return JSON.textNode(text);
    }
    if (text.equals("true") || text.equals("false")) {
      return JSON.booleanNode(text.equals("true"));
    }
    if (INTEGER.matcher(text).matches()) {
      return JSON.numberNode(new BigInteger(text));
    }
    return DECIMAL.matcher(text).matches()
        ? JSON.numberNode(new BigDecimal(text))
        : JSON.textNode(text);
  }
}
