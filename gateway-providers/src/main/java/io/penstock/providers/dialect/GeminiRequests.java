package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.Json;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.ProviderCall;
import java.util.Map;

/** Splices a Gemini request: the model is in the path, the output cap one level down. */
final class GeminiRequests {
  private static final String CONFIG = "generationConfig";
  private static final String CAP = "maxOutputTokens";

  private GeminiRequests() {}

  static byte[] body(ProviderCall call) {
    BodyPatch patch = new BodyPatch(call.body());
    ForeignThoughts.strip(call, patch);
    for (String field : new String[] {"model", "requests", "generateContentRequest"}) {
      models(call, patch, field);
    }
    ObjectNode config = null;
    for (Map.Entry<String, JsonNode> field : call.defaults().entrySet()) {
      if (Splice.CAPS.contains(field.getKey())) {
        config = config == null ? config(call.body()) : config;
        if (!config.has(CAP)) {
          config.set(CAP, field.getValue());
        }
      } else {
        patch.setDefault(field.getKey(), field.getValue().toString());
      }
    }
    for (Map.Entry<String, JsonNode> field : call.set().entrySet()) {
      if (Splice.CAPS.contains(field.getKey())) {
        config = config == null ? config(call.body()) : config;
        config.set(CAP, field.getValue());
      } else {
        patch.set(field.getKey(), field.getValue().toString());
      }
    }
    if (call.maxTokens() >= 0) {
      config = config == null ? config(call.body()) : config;
      config.put(CAP, call.maxTokens());
    }
    if (config != null) {
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

  private static ObjectNode config(RequestBody body) {
    int i = body.indexOf(CONFIG);
    return i >= 0
            && JsonTrees.read(body.bytes(), body.start(i), body.end(i)) instanceof ObjectNode o
        ? o
        : JsonTrees.MAPPER.createObjectNode();
  }
}
