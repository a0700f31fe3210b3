package io.penstock.server.simulate;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.LedgerRow;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A line that tells of a request and not of what became of it: a trace. */
final class ShapeLine {
  /** 2001 in milliseconds, 5138 in seconds: smaller numbers count from the trace's own start. */
  private static final long ABSOLUTE = 1_000_000_000_000L;

  private final long startMillis;
  private final String model;

  /**
   * Creates a reader.
   *
   * @param startMillis what times of the trace's own count from, epoch milliseconds
   * @param model of lines that name none
   */
  ShapeLine(long startMillis, String model) {
    this.startMillis = startMillis;
    this.model = model;
  }

  /**
   * Returns the request.
   *
   * @param where file and line, for messages
   */
  Recorded parse(String where, JsonNode line) {
    String label = first(line, "endpoint").asText("chat");
    Endpoint endpoint = RecordedRows.endpoint(label);
    if (endpoint == null) {
      throw new IllegalArgumentException(
          where + ": endpoint: " + label + " (expected: chat, responses, messages, ...)");
    }
    JsonNode sent = line.path("body");
    byte[] bytes = sent.isObject() ? sent.toString().getBytes(StandardCharsets.UTF_8) : new byte[0];
    RecordedRows.Body body =
        sent.isObject() ? RecordedRows.body(bytes, endpoint) : RecordedRows.Body.NONE;
    List<Long> blocks = new ArrayList<>();
    line.path("hash_ids").forEach(block -> blocks.add(block.asLong()));
    String asked = first(line, "model").asText(sent.path("model").asText(model));
    long cap = first(line, "max_tokens").asLong(body.maxTokens());
    String content =
        sent.isObject() ? body.key() : blocks.isEmpty() ? "" : blocks + " " + input(line).asText();
    return new Recorded(
        // Not the file's name: the same log elsewhere draws the same.
        where.substring(where.lastIndexOf(':') + 1),
        at(where, line),
        caller(line),
        new Recorded.Question(
            endpoint,
            asked,
            asked,
            line.path("stream").asBoolean(body.stream()),
            cap,
            sent.isObject() ? bytes.length : -1,
            usage(where, line),
            body.prompt(),
            body.complexity(),
            content,
            List.copyOf(blocks)),
        List.of());
  }

  private static JsonNode first(JsonNode line, String... names) {
    for (String name : names) {
      JsonNode value = line.path(name);
      if (value.isValueNode() && !value.isNull()) {
        return value;
      }
    }
    return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
  }

  private static JsonNode input(JsonNode line) {
    JsonNode own = first(line, "input_tokens", "input_length");
    return own.isMissingNode() ? first(line.path("expect"), "input_length") : own;
  }

  private static Usage usage(String where, JsonNode line) {
    JsonNode input = input(line);
    JsonNode output = first(line, "output_tokens", "output_length");
    output = output.isMissingNode() ? first(line.path("expect"), "output_length") : output;
    if (!input.isIntegralNumber() || !output.isIntegralNumber()) {
      throw new IllegalArgumentException(
          where
              + ": no token counts (expected: input_tokens or input_length, and output_tokens or"
              + " output_length, or a line of the request log)");
    }
    return Usage.builder()
        .set(Meter.INPUT, input.asLong())
        .set(Meter.OUTPUT, output.asLong())
        .build();
  }

  private long at(String where, JsonNode line) {
    JsonNode at = first(line, "at_ms", "timestamp", "time");
    if (at.isTextual()) {
      return Instant.parse(at.asText()).toEpochMilli();
    }
    if (!at.isNumber()) {
      throw new IllegalArgumentException(where + ": no time (expected: at_ms, timestamp or time)");
    }
    long millis = at.asLong();
    return millis < ABSOLUTE ? startMillis + millis : millis;
  }

  private static LedgerRow.Caller caller(JsonNode line) {
    return new LedgerRow.Caller(
        first(line, "team", "tenant").asText(""),
        first(line, "app", "agent").asText(""),
        first(line, "user").asText(""),
        first(line, "end_user").asText(""),
        first(line, "key").asText(""),
        first(line, "session", "session_id").asText(""),
        RowLine.map(line.path("metadata")));
  }
}
