package io.penstock.server.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * What the demo provider says. The same request gets the same words; a "token" is a word with the
 * space before it.
 */
final class DemoAnswer {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int DIMENSIONS = 16;

  private final String id;
  private final String model;
  private final List<String> tokens;
  private final String finish;
  private final long promptTokens;
  private final long created;

  private DemoAnswer(
      String id, String model, List<String> tokens, String finish, long promptTokens) {
    this.id = id;
    this.model = model;
    this.tokens = tokens;
    this.finish = finish;
    this.promptTokens = promptTokens;
    this.created = System.currentTimeMillis() / 1000;
  }

  static DemoAnswer to(JsonNode request) {
    String model = request.path("model").asText("demo");
    String asked = "";
    long prompt = 3;
    for (JsonNode message : request.path("messages")) {
      String text = text(message.path("content"));
      prompt += 4 + words(text).size();
      if (message.path("role").asText().equals("user")) {
        asked = text;
      }
    }
    String said =
        "You asked "
            + model
            + ": \""
            + (asked.length() > 160 ? asked.substring(0, 160) + "..." : asked)
            + "\" This answer comes from the demo provider inside Penstock. It was identified,"
            + " priced and recorded like any other: look at the response headers, then run"
            + " the report.";
    List<String> tokens = words(said);
    long cap =
        request.path("max_completion_tokens").asLong(request.path("max_tokens").asLong(4096));
    boolean cut = cap > 0 && tokens.size() > cap;
    return new DemoAnswer(
        String.format(Locale.ROOT, "chatcmpl-demo-%08x", request.hashCode()),
        model,
        cut ? tokens.subList(0, (int) cap) : tokens,
        cut ? "length" : "stop",
        prompt);
  }

  private static String text(JsonNode content) {
    if (content.isTextual()) {
      return content.asText();
    }
    StringBuilder joined = new StringBuilder();
    for (JsonNode part : content) {
      joined.append(part.path("text").asText());
    }
    return joined.toString();
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    for (String word : text.split("(?= )")) {
      if (!word.isBlank()) {
        words.add(word);
      }
    }
    return words;
  }

  List<String> tokens() {
    return tokens;
  }

  ObjectNode whole() {
    ObjectNode json = head("chat.completion");
    ObjectNode choice = json.putArray("choices").addObject().put("index", 0);
    choice
        .putObject("message")
        .put("role", "assistant")
        .put("content", String.join("", tokens))
        .putNull("refusal");
    choice.putNull("logprobs").put("finish_reason", finish);
    json.set("usage", usage());
    return json;
  }

  ObjectNode chunk(String text, boolean first, boolean withUsage) {
    ObjectNode json = head("chat.completion.chunk");
    ObjectNode choice = json.putArray("choices").addObject().put("index", 0);
    ObjectNode delta = choice.putObject("delta");
    if (first) {
      delta.put("role", "assistant");
    }
    delta.put("content", text);
    choice.putNull("finish_reason");
    if (withUsage) {
      json.putNull("usage");
    }
    return json;
  }

  ObjectNode last() {
    ObjectNode json = head("chat.completion.chunk");
    ObjectNode choice = json.putArray("choices").addObject().put("index", 0);
    choice.putObject("delta");
    choice.put("finish_reason", finish);
    return json;
  }

  ObjectNode usageChunk() {
    ObjectNode json = head("chat.completion.chunk");
    json.putArray("choices");
    json.set("usage", usage());
    return json;
  }

  private ObjectNode head(String object) {
    return MAPPER
        .createObjectNode()
        .put("id", id)
        .put("object", object)
        .put("created", created)
        .put("model", model);
  }

  private ObjectNode usage() {
    ObjectNode usage =
        MAPPER
            .createObjectNode()
            .put("prompt_tokens", promptTokens)
            .put("completion_tokens", tokens.size())
            .put("total_tokens", promptTokens + tokens.size());
    usage.putObject("prompt_tokens_details").put("cached_tokens", 0);
    usage.putObject("completion_tokens_details").put("reasoning_tokens", 0);
    return usage;
  }

  static ObjectNode embeddings(JsonNode request) {
    JsonNode input = request.path("input");
    ObjectNode json = MAPPER.createObjectNode().put("object", "list");
    ArrayNode data = json.putArray("data");
    long tokens = 0;
    boolean base64 = request.path("encoding_format").asText().equals("base64");
    int count = input.isArray() ? input.size() : 1;
    for (int i = 0; i < count; i++) {
      String text = input.isArray() ? input.path(i).asText() : input.asText();
      tokens += words(text).size();
      ObjectNode item = data.addObject().put("object", "embedding").put("index", i);
      float[] vector = vector(text);
      if (base64) {
        item.put("embedding", base64(vector));
      } else {
        ArrayNode floats = item.putArray("embedding");
        for (float value : vector) {
          floats.add(value);
        }
      }
    }
    json.put("model", request.path("model").asText());
    json.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    return json;
  }

  private static float[] vector(String text) {
    Random random = new Random(text.hashCode());
    float[] vector = new float[DIMENSIONS];
    for (int d = 0; d < DIMENSIONS; d++) {
      vector[d] = random.nextFloat() - 0.5f;
    }
    return vector;
  }

  /** What the SDKs ask for by default: little-endian 32-bit floats. */
  private static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
