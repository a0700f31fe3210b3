package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.JsonSpans;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.ByteSearch;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.SseData;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Takes thoughts out of a spliced history that another provider had, through a translation: their
 * tagged signatures mean nothing to this one, which would refuse the call.
 */
final class ForeignThoughts {
  private static final String TAG = "penstock.";
  private static final String OPAQUE = "opaque.penstock.";

  private static final String SIGNATURE = "\"signature\"";

  /** What the two begin with in base64; the rest depends on what follows. */
  private static final String TAG_64 = "cGVuc3RvY2su";

  private static final String OPAQUE_64 = "b3BhcXVlLnBlbnN0b2Nr";

  private final RequestBody body;
  private final BodyPatch patch;
  private final Predicate<JsonNode> foreign;

  /** The last turn that something was taken out of, by its number; -1: none. */
  private int cutTurn = -1;

  /** Whether that turn still begins with a thought. */
  private boolean beginsWithThought;

  private ForeignThoughts(RequestBody body, BodyPatch patch, Predicate<JsonNode> foreign) {
    this.body = body;
    this.patch = patch;
    this.foreign = foreign;
  }

  /**
   * Makes the edits; to be called before a field is set whole.
   *
   * @return whether the thoughts before the last tool call of Anthropic's messages are gone, and
   *     the answers of the tools are what comes last
   */
  static boolean strip(ProviderCall call, BodyPatch patch) {
    RequestBody body = call.body();
    Endpoint endpoint = call.endpoint();
    switch (endpoint) {
      case MESSAGES, COUNT_TOKENS -> {
        // Others that speak as Claude does sign nothing, and want their thoughts back.
        boolean signs = call.target().model().toLowerCase(Locale.ROOT).contains("claude");
        if (has(body.bytes(), TAG, '.') || (signs && hasUnsigned(body.bytes()))) {
          return new ForeignThoughts(body, patch, block -> ofMessages(block, signs))
              .history("messages", "content");
        }
      }
      case RESPONSES, RESPONSES_INPUT_TOKENS -> {
        if (has(body.bytes(), TAG, '.')) {
          new ForeignThoughts(body, patch, ForeignThoughts::ofResponses).history("input", null);
        }
      }
      case GENERATE -> {
        if (has(body.bytes(), TAG_64, 'Y') || has(body.bytes(), OPAQUE_64, 'X')) {
          new ForeignThoughts(body, patch, ForeignThoughts::ofGenerate)
              .history("contents", "parts");
        }
      }
      case CHAT -> {
        if (has(body.bytes(), TAG, '.')) {
          chat(body, patch);
        }
      }
      default -> {}
    }
    return false;
  }

  /** In chat thoughts are fields of their message, and signatures are fields of its calls. */
  private static void chat(RequestBody body, BodyPatch patch) {
    int list = body.indexOf("messages");
    if (list < 0) {
      return;
    }
    int[] turns = JsonSpans.elements(body.bytes(), body.start(list), body.end(list));
    for (int i = 0; i < turns.length; i += 2) {
      byte[] turn = Arrays.copyOfRange(body.bytes(), turns[i], turns[i + 1]);
      if (turn[0] == '{' && has(turn, TAG, '.')) {
        BodyPatch own = ofChat(RequestBody.parse(turn));
        if (!own.isEmpty()) {
          patch.replace(turns[i], turns[i + 1], new String(own.apply(), StandardCharsets.UTF_8));
        }
      }
    }
  }

  /** Returns what takes the foreign thoughts out of a message. */
  private static BodyPatch ofChat(RequestBody message) {
    BodyPatch patch = new BodyPatch(message);
    int details = message.indexOf("reasoning_details");
    if (details >= 0) {
      byte[] bytes = message.bytes();
      for (JsonNode detail : JsonTrees.read(bytes, message.start(details), message.end(details))) {
        if (detail.path("signature").asText().startsWith(TAG)
            || detail.path("data").asText().startsWith(TAG)) {
          patch.remove("reasoning_details").remove("reasoning_content");
        }
      }
    }
    int calls = message.indexOf("tool_calls");
    if (calls >= 0) {
      calls(message, calls, patch);
    }
    return patch;
  }

  private static void calls(RequestBody message, int field, BodyPatch patch) {
    byte[] bytes = message.bytes();
    int[] calls = JsonSpans.elements(bytes, message.start(field), message.end(field));
    for (int i = 0; i < calls.length; i += 2) {
      JsonNode google =
          JsonTrees.read(bytes, calls[i], calls[i + 1]).path("extra_content").path("google");
      if (google.path("thought_signature").asText().startsWith(TAG)) {
        var call = RequestBody.parse(Arrays.copyOfRange(bytes, calls[i], calls[i + 1]));
        byte[] own = new BodyPatch(call).remove("extra_content").apply();
        patch.replace(calls[i], calls[i + 1], new String(own, StandardCharsets.UTF_8));
      }
    }
  }

  private static boolean ofMessages(JsonNode block, boolean signs) {
    return switch (block.path("type").asText()) {
      case "thinking" -> {
        String signature = block.path("signature").asText();
        yield (signs && signature.isEmpty()) || signature.startsWith(TAG);
      }
      case "redacted_thinking" -> block.path("data").asText().startsWith(TAG);
      default -> false;
    };
  }

  private static boolean ofResponses(JsonNode item) {
    String proof = item.path("encrypted_content").asText();
    return item.path("type").asText().equals("reasoning")
        && (proof.startsWith(TAG) || proof.startsWith(OPAQUE));
  }

  private static boolean ofGenerate(JsonNode part) {
    String signature = part.path("thoughtSignature").asText();
    return part.path("thought").asBoolean()
        && (signature.startsWith(TAG_64) || signature.startsWith(OPAQUE_64));
  }

  /** Whether there is a signature that is the empty text: Claude itself leaves none empty. */
  private static boolean hasUnsigned(byte[] bytes) {
    int at = next(bytes, 0, SIGNATURE, 'g');
    while (at < bytes.length) {
      at = behindSpace(bytes, at + SIGNATURE.length());
      if (at < bytes.length && bytes[at] == ':') {
        at = behindSpace(bytes, at + 1);
        if (at + 2 <= bytes.length && bytes[at] == '"' && bytes[at + 1] == '"') {
          return true;
        }
      }
      at = next(bytes, at, SIGNATURE, 'g');
    }
    return false;
  }

  private static int behindSpace(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] <= ' ' && bytes[at] >= 0) {
      at++;
    }
    return at;
  }

  /** Whether the ASCII word is there; looked for by the rarest of its letters. */
  static boolean has(byte[] bytes, String word, char rare) {
    return next(bytes, 0, word, rare) < bytes.length;
  }

  /** Returns where the word is next, or the length. */
  private static int next(byte[] bytes, int start, String word, char rare) {
    int offset = word.indexOf(rare);
    int at = ByteSearch.either(bytes, start, bytes.length, rare, rare);
    while (at < bytes.length) {
      int from = at - offset;
      int to = from + word.length();
      if (from >= start && to <= bytes.length && SseData.is(bytes, from, to, word)) {
        return from;
      }
      at = ByteSearch.either(bytes, at + 1, bytes.length, rare, rare);
    }
    return bytes.length;
  }

  /**
   * Takes the thoughts out of a list of turns, and a turn of which nothing is left.
   *
   * @param inner the list in each turn; null when the turns are the pieces themselves
   * @return whether a tool loop goes on whose last call has lost its thoughts
   */
  private boolean history(String field, @Nullable String inner) {
    int list = body.indexOf(field);
    if (list < 0) {
      return false;
    }
    int[] turns = JsonSpans.elements(body.bytes(), body.start(list), body.end(list));
    BitSet gone = new BitSet();
    for (int i = 0; i < turns.length; i += 2) {
      boolean empty = inner == null ? isForeign(turns[i], turns[i + 1]) : turn(i / 2, turns, inner);
      gone.set(i / 2, empty);
    }
    remove(turns, gone);
    int last = turns.length - 2;
    return cutTurn >= 0
        && cutTurn == last / 2 - 1
        && !beginsWithThought
        && answersTools(JsonTrees.read(body.bytes(), turns[last], turns[last + 1]));
  }

  private static boolean answersTools(JsonNode turn) {
    for (JsonNode block : turn.path("content")) {
      if (block.path("type").asText().equals("tool_result")) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether nothing but foreign thoughts is in the turn. */
  private boolean turn(int number, int[] turns, String inner) {
    int from = turns[2 * number];
    int to = turns[2 * number + 1];
    if (body.bytes()[from] != '{') {
      return false;
    }
    RequestBody turn = RequestBody.parse(Arrays.copyOfRange(body.bytes(), from, to));
    int list = turn.indexOf(inner);
    if (list < 0) {
      return false;
    }
    int[] pieces = JsonSpans.elements(body.bytes(), from + turn.start(list), from + turn.end(list));
    BitSet gone = new BitSet();
    for (int i = 0; i < pieces.length; i += 2) {
      gone.set(i / 2, isForeign(pieces[i], pieces[i + 1]));
    }
    if (pieces.length > 0 && gone.cardinality() == pieces.length / 2) {
      return true;
    }
    if (!gone.isEmpty()) {
      int first = 2 * gone.nextClearBit(0);
      JsonNode left = JsonTrees.read(body.bytes(), pieces[first], pieces[first + 1]);
      cutTurn = number;
      beginsWithThought = left.path("type").asText().endsWith("thinking");
    }
    remove(pieces, gone);
    return false;
  }

  private boolean isForeign(int from, int to) {
    return foreign.test(JsonTrees.read(body.bytes(), from, to));
  }

  /** Removes elements, each run of them with the commas that are too many. */
  private void remove(int[] spans, BitSet gone) {
    int count = spans.length / 2;
    for (int i = gone.nextSetBit(0); i >= 0; ) {
      int next = Math.min(gone.nextClearBit(i), count);
      if (i > 0) {
        patch.replace(spans[2 * i - 1], spans[2 * next - 1], "");
      } else {
        patch.replace(spans[0], next < count ? spans[2 * next] : spans[2 * next - 1], "");
      }
      i = gone.nextSetBit(next);
    }
  }
}
