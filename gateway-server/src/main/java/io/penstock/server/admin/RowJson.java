package io.penstock.server.admin;

import com.fasterxml.jackson.databind.util.RawValue;
import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Charge;
import io.penstock.ledger.Content;
import io.penstock.ledger.Counter;
import io.penstock.ledger.LedgerRow;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A ledger row as the admin port shows it. */
public final class RowJson {
  private RowJson() {}

  /**
   * Returns the row's fields by name; money as decimal USD, times as ISO 8601.
   *
   * @param units the unit of a counter's charges; null where nobody knows it any more
   */
  public static Map<String, @Nullable Object> of(
      LedgerRow row, Function<Counter, @Nullable String> units) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", row.id().toString());
    json.put("request", row.attempt().request().toString());
    json.put("attempt", row.attempt().number());
    json.put("cause", word(row.attempt().cause()));
    json.put("time", Instant.ofEpochMilli(row.times().endedAt()).toString());
    json.put("reserved_at", Instant.ofEpochMilli(row.times().reservedAt()).toString());
    LedgerRow.Caller caller = row.caller();
    json.put("team", caller.team());
    json.put("app", caller.app());
    json.put("user", caller.user());
    json.put("end_user", caller.endUser());
    json.put("key", caller.key());
    json.put("session", caller.session());
    json.put("metadata", caller.metadata());
    LedgerRow.Destination to = row.destination();
    json.put("endpoint", to.endpoint());
    json.put("asked", to.asked());
    json.put("route", to.route());
    json.put("reason", to.reason());
    json.put("provider", to.provider());
    json.put("model", to.model());
    LedgerRow.Outcome outcome = row.outcome();
    json.put("status", outcome.status());
    json.put("ending", word(outcome.ending()));
    json.put("error", outcome.error());
    json.put("rule", outcome.rule());
    json.put("cache", word(outcome.cache()));
    json.put("waste", word(outcome.waste()));
    Map<String, Object> meters = new LinkedHashMap<>();
    for (Meter meter : Meter.values()) {
      if (row.usage().of(meter) != 0) {
        meters.put(meter.label(), row.usage().of(meter));
      }
    }
    json.put("usage", meters);
    json.put("usage_source", word(row.usageSource()));
    json.put("cost_usd", NanoUsd.format(row.money().cost()));
    json.put("list_usd", NanoUsd.format(row.money().list()));
    json.put("baseline_usd", NanoUsd.format(row.money().baseline()));
    json.put("saved_usd", NanoUsd.format(row.money().saved()));
    json.put("premium_usd", NanoUsd.format(row.money().premium()));
    json.put("price_version", row.money().priceVersion());
    json.put("charges", row.charges().stream().map(c -> charge(c, units)).toList());
    json.put("latency_ms", row.times().latencyNanos() / 1e6);
    json.put("overhead_ms", row.times().overheadNanos() / 1e6);
    long first = row.times().firstTokenNanos();
    json.put("first_token_ms", first < 0 ? null : first / 1e6);
    return json;
  }

  /** Returns what a request said; its texts are JSON already. */
  public static Map<String, @Nullable Object> of(Content content) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("request", new RawValue(text(content.request())));
    json.put("response", new RawValue(text(content.response())));
    json.put("request_bytes", content.requestBytes());
    json.put("response_bytes", content.responseBytes());
    return json;
  }

  private static String text(byte[] json) {
    return new String(json, StandardCharsets.UTF_8);
  }

  /** Says which counter it is in the words of {@code /admin/v1/budgets}. */
  private static Map<String, @Nullable Object> charge(
      Charge charge, Function<Counter, @Nullable String> units) {
    Counter counter = charge.counter();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("budget", counter.budget());
    if (counter.override() >= 0) {
      json.put("override", counter.override());
    }
    json.put("subject", counter.subject());
    json.put("amount", charge.amount());
    json.put("unit", units.apply(counter));
    json.put("since", Instant.ofEpochMilli(counter.windowStart()).toString());
    long end = counter.windowEnd();
    json.put("resets", end == Long.MAX_VALUE ? null : Instant.ofEpochMilli(end).toString());
    return json;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
