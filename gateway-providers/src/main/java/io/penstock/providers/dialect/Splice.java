package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.ProviderCall;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Edits that every dialect makes to the client's bytes. */
final class Splice {
  /** Names of one and the same thing, the output cap: a route may use any of them. */
  private static final Set<String> CAPS =
      Set.of("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens");

  private static final String HEX = "0123456789ABCDEF";

  private Splice() {}

  /** Writes the target's model into the field {@code model}. */
  static void model(ProviderCall call, BodyPatch patch) {
    if (!call.target().model().equals(textOrNull(call.body(), "model"))) {
      patch.setText("model", call.target().model());
    }
  }

  /**
   * Applies the route's parameters and the output cap. The cap goes into every field that the
   * client has it in: a provider may read any of them. A cap that is null is none.
   *
   * @param caps the endpoint's fields for the output cap, the one for a body without any first
   */
  static void parameters(ProviderCall call, BodyPatch patch, List<String> caps) {
    List<String> sent = caps.stream().filter(call.body()::has).toList();
    List<String> into = sent.isEmpty() ? caps.subList(0, 1) : sent;
    for (Map.Entry<String, JsonNode> field : call.defaults().entrySet()) {
      String json = field.getValue().toString();
      if (!isCap(field.getKey())) {
        patch.setDefault(field.getKey(), json);
      } else if (sent.isEmpty()) {
        patch.set(caps.getFirst(), json);
      }
    }
    for (Map.Entry<String, JsonNode> field : call.set().entrySet()) {
      List<String> names = isCap(field.getKey()) ? into : List.of(field.getKey());
      setAll(patch, names, field.getValue().toString());
    }
    if (call.maxTokens() >= 0) {
      setAll(patch, into, Long.toString(call.maxTokens()));
    }
  }

  private static void setAll(BodyPatch patch, List<String> names, String json) {
    for (String name : names) {
      patch.set(name, json);
    }
  }

  /** Returns whether a route's parameter is the output cap, whatever the target calls it. */
  static boolean isCap(String parameter) {
    return CAPS.contains(parameter);
  }

  /** Returns a text field; null when it is absent or something else. */
  static @Nullable String textOrNull(RequestBody body, String name) {
    int i = body.indexOf(name);
    return i >= 0 && (body.isForm() || body.token(i) == JsonToken.VALUE_STRING)
        ? body.text(name)
        : null;
  }

  /** Returns one path segment, percent-encoded but for unreserved characters (RFC 3986, 2.3). */
  static String segment(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      boolean unreserved =
          (b >= 'a' && b <= 'z')
              || (b >= 'A' && b <= 'Z')
              || (b >= '0' && b <= '9')
              || b == '-'
              || b == '.'
              || b == '_'
              || b == '~';
      if (unreserved) {
        out.append((char) b);
      } else {
        out.append('%').append(HEX.charAt((b >> 4) & 15)).append(HEX.charAt(b & 15));
      }
    }
    return out.toString();
  }
}
