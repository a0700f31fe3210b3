package io.penstock.server.call.serve;

import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Endpoint;
import io.penstock.core.body.JsonSpans;
import io.penstock.core.body.RequestBody;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A conversation's bytes as a prompt cache sees them: what leads, then message by message. Two
 * requests with equal hashes up to a place are the same up to there. Hashes only advise; a
 * collision costs a mark that is not repaid.
 *
 * @param lead hash of tools and system prompt
 * @param leadBytes length of these
 * @param ends hashes up to the end of each message behind them, in order
 * @param bytes length of all
 * @param agent whether the model may call tools, so that their results will follow
 */
record PromptPrefix(long lead, int leadBytes, long[] ends, int bytes, boolean agent) {
  private static final long FACTOR = 0x9E3779B97F4A7C15L;
  private static final List<String> CHOICES = List.of("tool_choice", "toolConfig");

  /** Returns the prefix of a body, or null when the endpoint has no list of messages. */
  static @Nullable PromptPrefix of(RequestBody body, Endpoint endpoint) {
    return switch (endpoint) {
      case CHAT -> read(body, "messages", "tools");
      case MESSAGES -> read(body, "messages", "tools", "system");
      case RESPONSES -> read(body, "input", "tools", "instructions");
      case GENERATE -> read(body, "contents", "tools", "systemInstruction");
      default -> null;
    };
  }

  private static @Nullable PromptPrefix read(RequestBody body, String messages, String... leading) {
    int list = body.indexOf(messages);
    if (list < 0 || body.isForm()) {
      return null;
    }
    long hash = 1;
    int bytes = 0;
    for (String name : leading) {
      int field = body.indexOf(name);
      if (field >= 0) {
        hash = hash(hash, body, body.start(field), body.end(field));
        bytes += body.end(field) - body.start(field);
      }
    }
    int[] spans = spans(body, list);
    int first = 0;
    while (first < spans.length && isSystem(body, spans[first], spans[first + 1])) {
      hash = hash(hash, body, spans[first], spans[first + 1]);
      bytes += spans[first + 1] - spans[first];
      first += 2;
    }
    long lead = hash;
    int leadBytes = bytes;
    long[] ends = new long[(spans.length - first) / 2];
    for (int i = 0; i < ends.length; i++) {
      int from = spans[first + 2 * i];
      int to = spans[first + 2 * i + 1];
      hash = hash(hash, body, from, to);
      bytes += to - from;
      ends[i] = hash;
    }
    return new PromptPrefix(lead, leadBytes, ends, bytes, isAgent(body));
  }

  /** A single text is one message. */
  private static int[] spans(RequestBody body, int list) {
    return body.token(list) == JsonToken.START_ARRAY
        ? JsonSpans.elements(body.bytes(), body.start(list), body.end(list))
        : new int[] {body.start(list), body.end(list)};
  }

  private static boolean isSystem(RequestBody body, int from, int to) {
    if (body.bytes()[from] != '{') {
      return false;
    }
    RequestBody message = RequestBody.parse(Arrays.copyOfRange(body.bytes(), from, to));
    int role = message.indexOf("role");
    return role >= 0
        && (message.raw(role).equals("\"system\"") || message.raw(role).equals("\"developer\""));
  }

  /** A choice that forces a tool asks for its arguments, not for a run of it. */
  private static boolean isAgent(RequestBody body) {
    int tools = body.indexOf("tools");
    if (tools < 0 || body.end(tools) - body.start(tools) <= 2) {
      return false;
    }
    for (String name : CHOICES) {
      int choice = body.indexOf(name);
      if (choice >= 0 && !body.raw(choice).contains("auto") && !body.raw(choice).contains("AUTO")) {
        return false;
      }
    }
    return true;
  }

  private static long hash(long before, RequestBody body, int from, int to) {
    byte[] bytes = body.bytes();
    long hash = before;
    for (int i = from; i < to; i++) {
      hash = (hash ^ (bytes[i] & 0xff)) * FACTOR;
      hash ^= hash >>> 29;
    }
    return hash;
  }
}
