package io.penstock.cache.semantic;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.CacheScope;
import io.penstock.cache.KeyInput;
import io.penstock.cache.Keying;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The first gate. The request without the text of its last user message is keyed exactly as the
 * exact cache keys requests: what is left of it (system prompt, earlier turns, tools, format,
 * sampling) must be equal to the byte, and so must scope, model and route. The partition also
 * carries the versions of embedder and verifier.
 */
public final class SemanticKeys {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final String HOLE = "\u0000text";
  private static final double HOT = 1.0;

  private SemanticKeys() {}

  /** Whether a request may use the semantic layer. */
  public sealed interface Semantic {}

  /**
   * It may.
   *
   * @param partition within which answers are compatible
   * @param text the last user message
   * @param storable false when its sampling makes every answer different
   */
  public record Question(CacheKey partition, CacheScope scope, String text, boolean storable)
      implements Semantic {
    /** Returns whether another wording may be served: the verifier reads no longer texts. */
    public boolean isComparable() {
      return text.length() <= Verifier.MAX_CHARS;
    }

    @Override
    public String toString() {
      return "Question{" + partition + ", " + text.length() + " chars}";
    }
  }

  /**
   * It may not.
   *
   * @param reason a word of {@code explain}
   */
  public record Bypassed(String reason) implements Semantic {}

  /**
   * Reads a request. Parses the whole body: call it after an exact miss only.
   *
   * @param embedder the embedder: whatever changes its vectors changes this
   */
  public static Semantic of(KeyInput input, String embedder, byte[] body) {
    JsonNode tree;
    try {
      tree = JSON.readTree(body);
    } catch (IOException malformed) {
      return new Bypassed("not_json");
    }
    if (!(tree instanceof ObjectNode request)) {
      return new Bypassed("not_json");
    }
    String text = takeText(input.endpoint(), request);
    if (text == null || text.isBlank()) {
      return new Bypassed("no_text");
    }
    // One key may stand for an application with many users.
    boolean onePerson = input.scope().kind() == CacheScope.Kind.USER;
    String bypass = BypassText.check(text, onePerson);
    if (bypass != null) {
      return new Bypassed(bypass);
    }
    String versions =
        String.join("\n", input.routeFingerprint(), embedder, Verifier.VERSION, Stored.FORMAT);
    KeyInput partition = new KeyInput(input.scope(), input.endpoint(), input.model(), versions);
    byte[] rest = request.toString().getBytes(StandardCharsets.UTF_8);
    return switch (CacheKeys.of(partition, RequestBody.parse(rest))) {
      case Keying.Keyed keyed ->
          new Question(keyed.key(), input.scope(), text, temperature(request) <= HOT);
      case Keying.Bypassed reason -> new Bypassed(reason.reason().label());
    };
  }

  private static double temperature(ObjectNode request) {
    JsonNode own = request.path("temperature");
    JsonNode nested = request.path("generationConfig").path("temperature");
    return own.isNumber() ? own.asDouble() : nested.asDouble(0);
  }

  /** Takes the last user text out of the request; null when it is not plain text. */
  private static @Nullable String takeText(Endpoint endpoint, ObjectNode request) {
    return switch (endpoint) {
      case CHAT, MESSAGES -> takeLast(request, "messages", "content");
      case GENERATE -> takeLast(request, "contents", "parts");
      case RESPONSES -> {
        JsonNode input = request.path("input");
        if (input.isTextual()) {
          request.put("input", HOLE);
          yield input.asText();
        }
        yield takeLast(request, "input", "content");
      }
      default -> null;
    };
  }

  private static @Nullable String takeLast(ObjectNode request, String turns, String content) {
    if (!(request.path(turns) instanceof ArrayNode messages) || messages.isEmpty()) {
      return null;
    }
    if (!(messages.get(messages.size() - 1) instanceof ObjectNode last)
        || !last.path("role").asText("user").equals("user")) {
      return null;
    }
    JsonNode said = last.path(content);
    if (said.isTextual()) {
      last.put(content, HOLE);
      return said.asText();
    }
    boolean one = said.isArray() && said.size() == 1 && said.get(0) instanceof ObjectNode;
    if (!one || !said.get(0).path("text").isTextual()) {
      return null;
    }
    String text = said.get(0).path("text").asText();
    ((ObjectNode) said.get(0)).put("text", HOLE);
    return text;
  }
}
