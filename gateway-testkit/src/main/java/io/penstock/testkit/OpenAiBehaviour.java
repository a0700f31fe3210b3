package io.penstock.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a {@link FakeProvider} answers when no rule says otherwise: as an OpenAI-compatible provider.
 * An input token is four bytes of request body; the answer has as many tokens, one a content event,
 * as {@code tokens=N} in the request says (else 3), capped by its output limit.
 */
final class OpenAiBehaviour {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern TOKENS = Pattern.compile("tokens=(\\d+)");
  private static final int DEFAULT_TOKENS = 3;
  private static final int EMBEDDING_SIZE = 8;
  private static final long CREATED = 1_795_262_400L;

  private OpenAiBehaviour() {}

  static Script answer(Received request) {
    String path = request.barePath();
    String verb = path.substring(path.lastIndexOf("/v1/") < 0 ? 0 : path.lastIndexOf("/v1/") + 3);
    return switch (verb) {
      case "/chat/completions" -> chat(request, parse(request));
      case "/completions" -> completion(request, parse(request));
      case "/embeddings" -> embeddings(request, parse(request));
      case "/moderations" -> moderation(request);
      case "/images/generations" -> image(request);
      case "/audio/speech" -> Script.bytes("audio/mpeg", new byte[] {'I', 'D', '3', 0, 1, 2, 3});
      case "/audio/transcriptions", "/audio/translations" -> transcription(request);
      case "/models" -> models();
      default -> Script.error(404);
    };
  }

  private static Script chat(Received request, JsonNode body) {
    Answer answer = new Answer(request, body);
    ObjectNode whole = frame(request, "chatcmpl-fake", "chat.completion");
    if (!body.path("stream").asBoolean()) {
      ArrayNode choices = whole.putArray("choices");
      for (int i = 0; i < answer.choices; i++) {
        ObjectNode choice = choices.addObject().put("index", i).put("finish_reason", answer.finish);
        choice.putObject("message").put("role", "assistant").put("content", answer.text());
      }
      whole.set("usage", answer.usage());
      return Script.json(whole.toString());
    }
    List<String> events = new ArrayList<>();
    boolean asked = body.path("stream_options").path("include_usage").asBoolean();
    for (int token = 0; token < answer.tokens; token++) {
      for (int i = 0; i < answer.choices; i++) {
        ObjectNode delta = JSON.createObjectNode();
        if (token == 0) {
          delta.put("role", "assistant");
        }
        events.add(chunk(request, i, delta.put("content", word(token)), "", asked));
      }
    }
    for (int i = 0; i < answer.choices; i++) {
      events.add(chunk(request, i, JSON.createObjectNode(), answer.finish, asked));
    }
    if (asked) {
      ObjectNode last = frame(request, "chatcmpl-fake", "chat.completion.chunk");
      last.putArray("choices");
      last.set("usage", answer.usage());
      events.add(last.toString());
    }
    events.add("[DONE]");
    return Script.sse(events.toArray(String[]::new));
  }

  private static String chunk(
      Received request, int index, ObjectNode delta, String finish, boolean usageAsked) {
    ObjectNode chunk = frame(request, "chatcmpl-fake", "chat.completion.chunk");
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", index);
    choice.set("delta", delta);
    choice.put("finish_reason", finish.isEmpty() ? null : finish);
    if (usageAsked) {
      chunk.putNull("usage");
    }
    return chunk.toString();
  }

  private static Script completion(Received request, JsonNode body) {
    Answer answer = new Answer(request, body);
    ObjectNode whole = frame(request, "cmpl-fake", "text_completion");
    ArrayNode choices = whole.putArray("choices");
    for (int i = 0; i < answer.choices; i++) {
      choices
          .addObject()
          .put("index", i)
          .put("text", answer.text())
          .put("finish_reason", answer.finish)
          .putNull("logprobs");
    }
    whole.set("usage", answer.usage());
    return body.path("stream").asBoolean()
        ? Script.sse(whole.toString(), "[DONE]")
        : Script.json(whole.toString());
  }

  private static Script embeddings(Received request, JsonNode body) {
    int inputs = body.path("input").isArray() ? body.path("input").size() : 1;
    boolean base64 = body.path("encoding_format").asText().equals("base64");
    ObjectNode whole = JSON.createObjectNode().put("object", "list").put("model", request.model());
    ArrayNode data = whole.putArray("data");
    for (int i = 0; i < inputs; i++) {
      ObjectNode entry = data.addObject().put("object", "embedding").put("index", i);
      ByteBuffer floats =
          ByteBuffer.allocate(EMBEDDING_SIZE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      ArrayNode numbers = JSON.createArrayNode();
      for (int j = 0; j < EMBEDDING_SIZE; j++) {
        float value = (i + 1) / (float) (j + 2);
        floats.putFloat(value);
        numbers.add(value);
      }
      if (base64) {
        entry.put("embedding", Base64.getEncoder().encodeToString(floats.array()));
      } else {
        entry.set("embedding", numbers);
      }
    }
    long input = inputTokens(request);
    whole.putObject("usage").put("prompt_tokens", input).put("total_tokens", input);
    return Script.json(whole.toString());
  }

  private static Script moderation(Received request) {
    ObjectNode whole = JSON.createObjectNode().put("id", "modr-fake").put("model", request.model());
    ObjectNode result = whole.putArray("results").addObject().put("flagged", false);
    result.putObject("categories").put("violence", false);
    result.putObject("category_scores").put("violence", 0.01);
    return Script.json(whole.toString());
  }

  private static Script image(Received request) {
    ObjectNode whole = JSON.createObjectNode().put("created", CREATED);
    whole.putArray("data").addObject().put("b64_json", "aW1hZ2U=");
    long input = inputTokens(request);
    whole
        .putObject("usage")
        .put("input_tokens", input)
        .put("output_tokens", 272)
        .put("total_tokens", input + 272);
    return Script.json(whole.toString());
  }

  private static Script transcription(Received request) {
    ObjectNode whole = JSON.createObjectNode().put("text", "Hello from " + request.model());
    whole.putObject("usage").put("type", "duration").put("seconds", 3);
    return Script.json(whole.toString());
  }

  private static Script models() {
    ObjectNode whole = JSON.createObjectNode().put("object", "list");
    ArrayNode data = whole.putArray("data");
    for (String id : List.of("gpt-4o", "gpt-4o-mini")) {
      data.addObject()
          .put("id", id)
          .put("object", "model")
          .put("created", CREATED)
          .put("owned_by", "fake");
    }
    return Script.json(whole.toString());
  }

  private static ObjectNode frame(Received request, String id, String object) {
    return JSON.createObjectNode()
        .put("id", id)
        .put("object", object)
        .put("created", CREATED)
        .put("model", request.model());
  }

  private static long inputTokens(Received request) {
    return (request.body().length + 3L) / 4;
  }

  private static String word(int token) {
    return token == 0 ? "Hello" : " word" + token;
  }

  private static JsonNode parse(Received request) {
    try {
      return JSON.readTree(request.body());
    } catch (JsonProcessingException e) {
      return JSON.createObjectNode();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** What one answer contains. */
  private static final class Answer {
    final int tokens;
    final int choices;
    final String finish;
    private final long input;

    Answer(Received request, JsonNode body) {
      Matcher wanted = TOKENS.matcher(request.text());
      int asked = wanted.find() ? Integer.parseInt(wanted.group(1)) : DEFAULT_TOKENS;
      int limit = body.path("max_completion_tokens").asInt(body.path("max_tokens").asInt(asked));
      tokens = Math.min(asked, limit);
      finish = tokens < asked ? "length" : "stop";
      choices = body.path("n").asInt(1);
      input = inputTokens(request);
    }

    String text() {
      StringBuilder text = new StringBuilder();
      for (int token = 0; token < tokens; token++) {
        text.append(word(token));
      }
      return text.toString();
    }

    ObjectNode usage() {
      long output = (long) tokens * choices;
      ObjectNode usage = JSON.createObjectNode();
      usage.put("prompt_tokens", input).put("completion_tokens", output);
      usage.put("total_tokens", input + output);
      usage.putObject("prompt_tokens_details").put("cached_tokens", 0);
      usage.putObject("completion_tokens_details").put("reasoning_tokens", 0);
      return usage;
    }
  }
}
