package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.JsonSpans;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.ProviderCall;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * Puts Google's placeholder on calls in a spliced history that no Gemini model made: from Gemini 3
 * on, a turn whose first call has no signature is refused. Stateless.
 */
final class LostSignatures {
  private static final Pattern SIGNING = Pattern.compile("(?:.*/)?gemini-(?:[3-9]|\\d\\d).*");
  private static final String PLACEHOLDER =
      "\"thoughtSignature\":\"skip_thought_signature_validator\",";

  private LostSignatures() {}

  static void replace(ProviderCall call, BodyPatch patch) {
    RequestBody body = call.body();
    byte[] bytes = body.bytes();
    int list = body.indexOf("contents");
    if (call.endpoint() != Endpoint.GENERATE
        || list < 0
        || !SIGNING.matcher(call.target().model()).matches()
        || !(ForeignThoughts.has(bytes, "\"functionCall\"", 'C')
            || ForeignThoughts.has(bytes, "\"function_call\"", '_'))) {
      return;
    }
    int[] turns = JsonSpans.elements(bytes, body.start(list), body.end(list));
    // A streamed answer may be kept with a content for each chunk: they are one turn.
    boolean called = false;
    for (int i = 0; i < turns.length; i += 2) {
      JsonNode turn = JsonTrees.read(bytes, turns[i], turns[i + 1]);
      if (turn.path("role").asText().equals("model")) {
        called = turn(bytes, turns[i], turns[i + 1], called, patch);
      } else {
        called = false;
      }
    }
  }

  /** Returns whether a call was made in the turn by its end. */
  private static boolean turn(byte[] bytes, int from, int to, boolean before, BodyPatch patch) {
    RequestBody turn = RequestBody.parse(Arrays.copyOfRange(bytes, from, to));
    int list = turn.indexOf("parts");
    if (before || list < 0) {
      return before;
    }
    int[] parts = JsonSpans.elements(bytes, from + turn.start(list), from + turn.end(list));
    for (int i = 0; i < parts.length; i += 2) {
      JsonNode part = JsonTrees.read(bytes, parts[i], parts[i + 1]);
      if (part.has("functionCall") || part.has("function_call")) {
        if (!part.has("thoughtSignature") && !part.has("thought_signature")) {
          patch.replace(parts[i] + 1, parts[i] + 1, PLACEHOLDER);
        }
        return true;
      }
    }
    return false;
  }
}
