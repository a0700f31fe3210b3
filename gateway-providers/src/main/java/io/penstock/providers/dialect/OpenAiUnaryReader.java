package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.netty.buffer.ByteBuf;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderException;
import io.penstock.providers.Told;
import io.penstock.providers.UnaryReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the gateway needs from an answer in one streaming pass, which also proves that it is
 * whole; the body goes on as the same bytes.
 */
final class OpenAiUnaryReader implements UnaryReader {
  private final Endpoint endpoint;
  private final long characters;
  private final int inputs;

  /** Facts of one answer, gathered as its fields go by. */
  private static final class Facts {
    @Nullable String model;
    @Nullable String tier;
    @Nullable JsonNode usage;
    @Nullable JsonNode error;
    String finish = "";
    final List<String> ids = new ArrayList<>();
    boolean toolCalls;

    /** Whether the client is to run a tool, beside those that the provider ran. */
    boolean called;

    boolean body;

    /** Choices of chat, output items of Responses. */
    int answers;

    int items;

    /** Of sound, as far as it is told. */
    double seconds;

    JsonNode toolUsage = MissingNode.getInstance();
    final HostedCalls hosted = new HostedCalls();
  }

  /**
   * Creates the reader.
   *
   * @param characters the length of the text to be spoken, which is what speech is billed by
   * @param inputs the vectors without which an answer is none: clients put them beside their texts
   */
  OpenAiUnaryReader(Endpoint endpoint, long characters, int inputs) {
    this.endpoint = endpoint;
    this.characters = characters;
    this.inputs = inputs;
  }

  @Override
  public Answer read(HeaderLookup headers, ByteBuf body) {
    String contentType = headers.get("content-type");
    String type = contentType == null ? "application/json" : contentType;
    if (isOpaque(type)) {
      Usage usage = Usage.builder().set(Meter.CHARACTER, characters).build();
      return new Answer(body.retainedSlice(), type, new AnswerSummary(usage, false, "", false));
    }
    Facts facts = scan(body);
    if (facts.error != null) {
      // A response that failed half-way tells what it took until then.
      AnswerSummary known = summary(facts, body);
      throw new ProviderException(
          Failures.inside(facts.error), known.usage().isEmpty() ? AnswerSummary.NONE : known);
    }
    if (!facts.body) {
      throw Failures.malformed("The provider's answer lacks \"" + expected() + "\".");
    }
    AnswerSummary summary = summary(facts, body);
    if (isEmpty(facts) && summary.usage().outputTokens() == 0) {
      throw Failures.malformed("The provider's answer has no choices.");
    }
    if (facts.items < inputs) {
      String why = "it has " + facts.items + " embeddings (expected: " + inputs + ", one an input)";
      throw new ProviderException(Failure.of(FailureKind.MALFORMED, why), summary);
    }
    return AnswerWords.answer(body, type, summary);
  }

  /** What it cost tokens to say nothing is the answer all the same. */
  private boolean isEmpty(Facts facts) {
    return facts.answers == 0 && (endpoint == Endpoint.CHAT || endpoint == Endpoint.COMPLETIONS);
  }

  /** Speech is binary, transcriptions may be plain text or subtitles: nothing in them to read. */
  private boolean isOpaque(String type) {
    return switch (endpoint) {
      case SPEECH, TRANSCRIPTIONS, TRANSLATIONS -> !type.contains("json");
      default -> false;
    };
  }

  private AnswerSummary summary(Facts facts, ByteBuf body) {
    List<String> stored = endpoint == Endpoint.RESPONSES ? facts.ids : List.of();
    JsonNode reported = facts.usage;
    Usage usage = reported == null ? Usage.NONE : usage(facts, reported);
    if (!usage.isEmpty()) {
      Told told = endpoint.isText() ? AnswerWords.told(usage, facts.toolCalls, body) : Told.ALL;
      return new AnswerSummary(usage, told, facts.finish, facts.toolCalls, stored);
    }
    // An object of zeros tells as little as none.
    usage = usage.toBuilder().model(facts.model).build();
    boolean complete =
        switch (endpoint) {
          // They cost nothing.
          case MODERATIONS, RESPONSES_INPUT_TOKENS -> true;
          // Whisper tells no usage, but how long the sound was.
          case TRANSCRIPTIONS, TRANSLATIONS -> {
            long heard = (long) Math.ceil(facts.seconds);
            usage = usage.toBuilder().set(Meter.AUDIO_SECOND, heard).build();
            yield heard > 0;
          }
          // Older models are billed by the image.
          case IMAGES -> {
            usage = usage.toBuilder().set(Meter.IMAGE, facts.items).build();
            yield true;
          }
          default -> false;
        };
    return new AnswerSummary(usage, Told.whole(complete), facts.finish, facts.toolCalls, stored);
  }

  private Usage usage(Facts facts, JsonNode reported) {
    return switch (endpoint) {
      case RESPONSES ->
          OpenAiUsage.responses(reported, facts.toolUsage, facts.hosted, facts.model, facts.tier);
      case IMAGES -> OpenAiUsage.images(reported, facts.model);
      default -> OpenAiUsage.read(reported, facts.model, facts.tier);
    };
  }

  /** The field without which an answer of this endpoint is none. */
  private String expected() {
    return switch (endpoint) {
      case CHAT, COMPLETIONS -> "choices";
      case EMBEDDINGS, IMAGES -> "data";
      case MODERATIONS, RERANK -> "results";
      case RESPONSES -> "output";
      case RESPONSES_INPUT_TOKENS -> "input_tokens";
      default -> "text";
    };
  }

  /** Voyage ranks under a name of its own. */
  private @Nullable String orElse() {
    return endpoint == Endpoint.RERANK ? "data" : null;
  }

  private Facts scan(ByteBuf body) {
    Facts facts = new Facts();
    JsonTrees.eachField(
        body,
        (name, value) -> {
          facts.body |= name.equals(expected()) || name.equals(orElse());
          field(name, value, facts);
        });
    if (facts.called && facts.finish.equals("stop")) {
      facts.finish = "tool_calls";
    }
    return facts;
  }

  private void field(String name, JsonParser parser, Facts facts) throws IOException {
    switch (name) {
      case "model" -> facts.model = parser.getValueAsString();
      case "id" -> facts.ids.add(parser.getValueAsString(""));
      case "service_tier" -> facts.tier = parser.getValueAsString();
      case "usage" -> facts.usage = object(parser);
      case "error" -> {
        JsonNode error = parser.readValueAsTree();
        facts.error = error.isTextual() || !error.isEmpty() ? error : null;
      }
      case "choices", "output" -> eachObject(parser, facts);
      case "tool_usage" -> facts.toolUsage = parser.readValueAsTree();
      case "data" -> facts.items = count(parser);
      // OpenAI has written it as text, too.
      case "duration" -> {
        if (parser.currentToken().isScalarValue()) {
          facts.seconds = parser.getValueAsDouble();
        } else {
          parser.skipChildren();
        }
      }
      case "status" -> {
        if (endpoint == Endpoint.RESPONSES && facts.finish.isEmpty()) {
          facts.finish = "incomplete".equals(parser.getText()) ? "length" : "stop";
        }
      }
      case "incomplete_details" -> {
        JsonNode details = parser.readValueAsTree();
        if (details.path("reason").asText().equals("content_filter")) {
          facts.finish = "content_filter";
        }
      }
      default -> parser.skipChildren();
    }
  }

  private static @Nullable JsonNode object(JsonParser parser) throws IOException {
    JsonNode node = parser.readValueAsTree();
    return node.isObject() ? node : null;
  }

  private static int count(JsonParser parser) throws IOException {
    int count = 0;
    if (parser.currentToken() == JsonToken.START_ARRAY) {
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        parser.skipChildren();
        count++;
      }
    } else {
      parser.skipChildren();
    }
    return count;
  }

  /** Looks into each object of an array: the choices of chat, the output items of Responses. */
  private static void eachObject(JsonParser parser, Facts facts) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      facts.answers++;
      String type = "";
      String status = "";
      String action = "";
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("id") && value == JsonToken.VALUE_STRING) {
          facts.ids.add(parser.getText());
        } else if (name.equals("finish_reason") && value == JsonToken.VALUE_STRING) {
          String finish = parser.getText();
          facts.finish = finish.equals("function_call") ? "tool_calls" : finish;
        } else if (name.equals("type") && value == JsonToken.VALUE_STRING) {
          type = parser.getText();
          facts.toolCalls |= type.endsWith("_call") && !type.startsWith("web_");
          facts.called |= type.equals("function_call") || type.equals("custom_tool_call");
        } else if (name.equals("status") && value == JsonToken.VALUE_STRING) {
          status = parser.getText();
        } else if (name.equals("action") && value == JsonToken.START_OBJECT) {
          action = type(parser);
        } else if (name.equals("message") && value == JsonToken.START_OBJECT) {
          message(parser, facts);
        } else {
          parser.skipChildren();
        }
      }
      facts.hosted.add(type, status, action);
    }
  }

  /** Returns the type of an object, "" when it has none. */
  private static String type(JsonParser parser) throws IOException {
    String type = "";
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      type = name.equals("type") && value == JsonToken.VALUE_STRING ? parser.getText() : type;
      parser.skipChildren();
    }
    return type;
  }

  private static void message(JsonParser parser, Facts facts) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("tool_calls") && value == JsonToken.START_ARRAY) {
        facts.toolCalls |= count(parser) > 0;
      } else {
        facts.toolCalls |= name.equals("function_call") && value == JsonToken.START_OBJECT;
        parser.skipChildren();
      }
    }
  }
}
