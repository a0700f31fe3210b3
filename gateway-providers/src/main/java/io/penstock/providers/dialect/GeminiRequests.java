package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.Json;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.ProviderCall;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Splices a Gemini request: the model is in the path, the output cap one level down. */
final class GeminiRequests {
  private static final String CONFIG = "generationConfig";
  private static final String CAP = "maxOutputTokens";

  /** Google takes both spellings of a name, but not at once. */
  private static final String SNAKE_CONFIG = "generation_config";

  private static final String SNAKE_CAP = "max_output_tokens";

  private GeminiRequests() {}

  static byte[] body(ProviderCall call) {
    BodyPatch patch = new BodyPatch(call.body());
    ForeignThoughts.strip(call, patch);
    LostSignatures.replace(call, patch);
    for (String field : new String[] {"model", "requests", "generateContentRequest"}) {
      models(call, patch, field);
    }
    ObjectNode config = null;
    for (Map.Entry<String, JsonNode> field : call.defaults().entrySet()) {
      if (isConfig(field.getKey())) {
        config = config == null ? config(call) : config;
      } else if (Splice.isCap(field.getKey())) {
        config = config == null ? config(call) : config;
        if (!config.hasNonNull(CAP)) {
          config.set(CAP, field.getValue());
        }
      } else {
        patch.setDefault(field.getKey(), field.getValue().toString());
      }
    }
    for (Map.Entry<String, JsonNode> field : call.set().entrySet()) {
      if (isConfig(field.getKey())) {
        config = config == null ? config(call) : config;
      } else if (Splice.isCap(field.getKey())) {
        config = config == null ? config(call) : config;
        config.set(CAP, field.getValue());
      } else {
        patch.set(field.getKey(), field.getValue().toString());
      }
    }
    if (call.maxTokens() >= 0) {
      config = config == null ? config(call) : config;
      config.put(CAP, call.maxTokens());
    }
    if (config != null) {
      patch.remove(SNAKE_CONFIG);
      patch.set(CONFIG, config.toString());
    }
    return patch.apply();
  }

  /** Names the target's model wherever a nested request repeats the name of the path. */
  private static void models(ProviderCall call, BodyPatch patch, String field) {
    RequestBody body = call.body();
    int i = body.indexOf(field);
    if (i < 0) {
      return;
    }
    if (field.equals("model")) {
      patch.setText("model", "models/" + call.target().model());
      return;
    }
    JsonKeys keys = new JsonKeys();
    keys.reset(body.bytes(), body.start(i), body.end(i));
    while (keys.next()) {
      if (keys.is("model") && keys.isText() && keys.identifier().startsWith("models/")) {
        patch.replace(
            keys.valueStart(), keys.valueEnd(), Json.quote("models/" + call.target().model()));
      }
    }
  }

  private static boolean isConfig(String name) {
    return name.equals(CONFIG) || name.equals(SNAKE_CONFIG);
  }

  /** Returns the configuration in force: the route's, else the client's, else the added one. */
  private static ObjectNode config(ProviderCall call) {
    JsonNode found = of(call.set());
    found = found == null ? of(call.body()) : found;
    found = found == null ? of(call.defaults()) : found;
    if (!(found instanceof ObjectNode known)) {
      return JsonTrees.MAPPER.createObjectNode();
    }
    ObjectNode config = known.deepCopy();
    JsonNode cap = config.remove(SNAKE_CAP);
    if (cap != null && !config.hasNonNull(CAP)) {
      config.set(CAP, cap);
    }
    return config;
  }

  private static @Nullable JsonNode of(Map<String, JsonNode> parameters) {
    JsonNode config = parameters.get(CONFIG);
    return config == null ? parameters.get(SNAKE_CONFIG) : config;
  }

  private static @Nullable JsonNode of(RequestBody body) {
    String name = body.has(CONFIG) ? CONFIG : SNAKE_CONFIG;
    int i = body.has(name) ? body.indexOf(name) : -1;
    return i < 0 ? null : JsonTrees.read(body.bytes(), body.start(i), body.end(i));
  }
}
