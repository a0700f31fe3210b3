package io.penstock.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a provider reported for one key and model, as its own words: input as it counts it, cached
 * tokens within or beside it as the dialect has it.
 *
 * @param answers answers that reported usage
 * @param input prompt_tokens, input_tokens or promptTokenCount
 * @param output completion_tokens, output_tokens or candidatesTokenCount
 * @param unreportedEvents content events sent in answers that never came to report usage; in the
 *     default behaviour one event is one output token
 */
public record Tally(long answers, long input, long output, long unreportedEvents) {
  static final Tally NONE = new Tally(0, 0, 0, 0);
  private static final ObjectMapper JSON = new ObjectMapper();

  Tally plus(Tally other) {
    return new Tally(
        answers + other.answers,
        input + other.input,
        output + other.output,
        unreportedEvents + other.unreportedEvents);
  }

  /** Collects what one answer says while its parts are written. */
  static final class Reader {
    private long input;
    private long output;
    private long events;
    private boolean reported;

    void read(byte[] part) {
      String text = new String(part, StandardCharsets.UTF_8);
      for (String line : text.split("\n", -1)) {
        String data = line.startsWith("data:") ? line.substring(5).strip() : line.strip();
        if (data.startsWith("{")) {
          JsonNode node = parse(data);
          if (node != null) {
            events++;
            readUsage(node);
            readUsage(node.path("message"));
            readUsage(node.path("response"));
          }
        }
      }
    }

    Tally finish() {
      return reported ? new Tally(1, input, output, 0) : new Tally(0, 0, 0, events);
    }

    private void readUsage(JsonNode node) {
      JsonNode usage =
          node.path("usage").isObject() ? node.path("usage") : node.path("usageMetadata");
      if (!usage.isObject()) {
        return;
      }
      reported = true;
      input = first(usage, input, "prompt_tokens", "input_tokens", "promptTokenCount");
      output = first(usage, output, "completion_tokens", "output_tokens", "candidatesTokenCount");
    }

    private static long first(JsonNode usage, long otherwise, String... names) {
      for (String name : names) {
        if (usage.path(name).isNumber()) {
          return usage.path(name).asLong();
        }
      }
      return otherwise;
    }

    private static @Nullable JsonNode parse(String data) {
      try {
        return JSON.readTree(data);
      } catch (JsonProcessingException e) {
        return null; // a scripted malformed event reports nothing
      }
    }
  }
}
