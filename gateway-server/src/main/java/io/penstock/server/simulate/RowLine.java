package io.penstock.server.simulate;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Content;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** A ledger row as the request log and {@code /admin/v1/requests} write it. */
final class RowLine {
  private RowLine() {}

  static boolean isRow(JsonNode line) {
    return line.path("request").isTextual() && line.path("attempt").isIntegralNumber();
  }

  /**
   * Returns the row.
   *
   * @throws IllegalArgumentException for a value that is none of its kind
   * @throws java.time.DateTimeException for a time that is none
   */
  static LedgerRow parse(JsonNode line) {
    return new LedgerRow(
        new LedgerRow.Attempt(
            UUID.fromString(text(line, "request")),
            line.path("attempt").asInt(),
            word(Cause.class, line, "cause", Cause.REQUEST)),
        times(line),
        new LedgerRow.Caller(
            text(line, "team"),
            text(line, "app"),
            text(line, "user"),
            text(line, "end_user"),
            text(line, "key"),
            text(line, "session"),
            map(line.path("metadata"))),
        new LedgerRow.Destination(
            text(line, "endpoint"),
            text(line, "asked"),
            text(line, "route"),
            text(line, "reason"),
            text(line, "provider"),
            text(line, "model")),
        new LedgerRow.Outcome(
            line.path("status").asInt(),
            word(Ending.class, line, "ending", Ending.COMPLETED),
            text(line, "error"),
            text(line, "rule"),
            word(CacheOutcome.class, line, "cache", CacheOutcome.OFF),
            word(Waste.class, line, "waste", Waste.NONE)),
        usage(line.path("usage")),
        word(UsageSource.class, line, "usage_source", UsageSource.REPORTED),
        new LedgerRow.Money(
            money(line, "cost_usd"),
            money(line, "list_usd"),
            0,
            money(line, "saved_usd"),
            money(line, "premium_usd"),
            text(line, "price_version")),
        List.of());
  }

  private static LedgerRow.Times times(JsonNode line) {
    return new LedgerRow.Times(
        Instant.parse(text(line, "reserved_at")).toEpochMilli(),
        Instant.parse(text(line, "time")).toEpochMilli(),
        nanos(line, "latency_ms"),
        nanos(line, "overhead_ms"),
        line.path("first_token_ms").isNumber() ? nanos(line, "first_token_ms") : -1);
  }

  private static long nanos(JsonNode line, String name) {
    return Math.round(line.path(name).asDouble() * 1e6);
  }

  private static String text(JsonNode line, String name) {
    return line.path(name).asText("");
  }

  private static long money(JsonNode line, String name) {
    String text = text(line, name);
    return text.isEmpty() ? 0 : NanoUsd.parse(text);
  }

  private static <E extends Enum<E>> E word(
      Class<E> type, JsonNode line, String name, E otherwise) {
    String text = text(line, name);
    return text.isEmpty() ? otherwise : Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
  }

  static Map<String, String> map(JsonNode node) {
    Map<String, String> map = new HashMap<>();
    node.properties().forEach(entry -> map.put(entry.getKey(), entry.getValue().asText()));
    return map;
  }

  private static Usage usage(JsonNode node) {
    Usage.Builder usage = Usage.builder();
    node.properties()
        .forEach(entry -> {
          Meter meter = Meter.ofLabel(entry.getKey());
          if (meter != null) {
            usage.set(meter, entry.getValue().asLong());
          }
        });
    return usage.build();
  }

  /** Returns whether the line has what a request said, apart from its rows. */
  static boolean isContent(JsonNode line) {
    return line.path("request").isTextual() && line.path("content").isObject();
  }

  /** Returns what the request said. */
  static Content content(JsonNode line) {
    JsonNode content = line.path("content");
    return new Content(
        UUID.fromString(text(line, "request")),
        content.path("request").toString().getBytes(StandardCharsets.UTF_8),
        content.path("response").toString().getBytes(StandardCharsets.UTF_8),
        content.path("request_bytes").asLong(),
        content.path("response_bytes").asLong());
  }
}
