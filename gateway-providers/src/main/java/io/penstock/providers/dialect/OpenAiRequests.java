package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.ProviderCall;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/** Splices an OpenAI request: everything unknown stays, in its order. */
final class OpenAiRequests {
  private static final Pattern SMALL = Pattern.compile("[0-9]{1,9}");

  private OpenAiRequests() {}

  /** Returns the path under the provider's base URL. */
  static String path(Endpoint endpoint) {
    return switch (endpoint) {
      case CHAT -> "/chat/completions";
      case COMPLETIONS -> "/completions";
      case EMBEDDINGS -> "/embeddings";
      case MODERATIONS -> "/moderations";
      case IMAGES -> "/images/generations";
      case SPEECH -> "/audio/speech";
      case TRANSCRIPTIONS -> "/audio/transcriptions";
      case TRANSLATIONS -> "/audio/translations";
      case RERANK -> "/rerank";
      case RESPONSES -> "/responses";
      case RESPONSES_INPUT_TOKENS -> "/responses/input_tokens";
      default -> throw new IllegalArgumentException("endpoint: " + endpoint.label());
    };
  }

  /** Returns the bytes for the provider. */
  static byte[] body(ProviderCall call, boolean askForUsage) {
    RequestBody body = call.body();
    BodyPatch patch = new BodyPatch(body);
    ForeignThoughts.strip(call, patch);
    Splice.model(call, patch);
    Splice.parameters(call, patch, caps(call.endpoint()));
    if (askForUsage) {
      askForUsage(body, patch);
    }
    return patch.apply();
  }

  /** Returns the endpoint's fields for the output cap, the newest first. */
  private static List<String> caps(Endpoint endpoint) {
    return switch (endpoint) {
      case RESPONSES -> List.of("max_output_tokens");
      case CHAT -> List.of("max_completion_tokens", "max_tokens");
      default -> List.of("max_tokens");
    };
  }

  /** Returns how many choices are asked for: as the route fixes it, the client sent it or it is. */
  static long choices(ProviderCall call) {
    JsonNode fixed = call.set().get("n");
    JsonNode added = call.defaults().get("n");
    int sent = call.body().indexOf("n");
    if (fixed != null) {
      return fixed.asLong(1);
    }
    if (sent < 0) {
      return added == null ? 1 : added.asLong(1);
    }
    // What is no number is the provider's to refuse.
    String raw = call.body().raw(sent);
    return SMALL.matcher(raw).matches() ? Long.parseLong(raw) : 1;
  }

  /** Returns whether the client itself asks for the usage chunk. */
  static boolean wantsUsage(RequestBody body) {
    return options(body).path("include_usage").asBoolean(false);
  }

  private static void askForUsage(RequestBody body, BodyPatch patch) {
    JsonNode options = options(body);
    if (options instanceof ObjectNode object) {
      if (!object.path("include_usage").asBoolean(false)) {
        patch.set("stream_options", object.put("include_usage", true).toString());
      }
    } else {
      patch.set("stream_options", "{\"include_usage\":true}");
    }
  }

  private static JsonNode options(RequestBody body) {
    int i = body.indexOf("stream_options");
    return i < 0 || body.isForm()
        ? MissingNode.getInstance()
        : JsonTrees.read(body.bytes(), body.start(i), body.end(i));
  }

  /** Returns how many inputs are to be embedded; 0 for other endpoints, and where nobody knows. */
  static int embeddingInputs(ProviderCall call) {
    int field = call.endpoint() == Endpoint.EMBEDDINGS ? call.body().indexOf("input") : -1;
    if (field < 0) {
      return 0;
    }
    JsonToken is = call.body().token(field);
    if (is != JsonToken.START_ARRAY) {
      return is == JsonToken.VALUE_STRING ? 1 : 0;
    }
    int inputs = 0;
    try (JsonParser list = call.body().parser(field)) {
      list.nextToken();
      for (JsonToken one = list.nextToken(); one != JsonToken.END_ARRAY; one = list.nextToken()) {
        if (one.isNumeric()) {
          // All of it is one input, in tokens.
          return 1;
        }
        list.skipChildren();
        inputs++;
      }
    } catch (IOException e) {
      throw new IllegalStateException("the body was read before", e);
    }
    return inputs;
  }

  /** Returns the number of characters to be spoken. */
  static long spokenCharacters(ProviderCall call) {
    if (call.endpoint() != Endpoint.SPEECH) {
      return 0;
    }
    String input = Splice.textOrNull(call.body(), "input");
    return input == null ? 0 : input.codePointCount(0, input.length());
  }
}
