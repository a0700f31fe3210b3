package io.penstock.ledger;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a row, but for its id, and what a row has in them: numbers, texts, a number per
 * meter. {@link RowParser} reads what is written here.
 */
final class RowColumns {
  static final List<String> NUMBERS =
      List.of(
          "number",
          "reserved_at",
          "ended_at",
          "latency_ns",
          "overhead_ns",
          "first_token_ns",
          "status",
          "cost",
          "list_cost",
          "baseline",
          "saved",
          "premium");
  static final List<String> TEXTS =
      List.of(
          "cause",
          "team",
          "app",
          "usr",
          "end_user",
          "key_id",
          "session",
          "metadata",
          "endpoint",
          "asked",
          "route",
          "reason",
          "provider",
          "model",
          "ending",
          "error",
          "rule",
          "cache",
          "waste",
          "usage_source",
          "usage_model",
          "usage_tier",
          "usage_region",
          "price_version",
          "charges",
          "budgets");

  private static final Meter[] METERS = Meter.values();
  static final List<String> COLUMNS =
      Stream.of(NUMBERS.stream(), TEXTS.stream(), Stream.of(METERS).map(RowColumns::meterColumn))
          .flatMap(names -> names)
          .toList();

  private static final ObjectMapper JSON = new ObjectMapper();

  private RowColumns() {}

  /** Returns the column of a meter, in rows and in roll-ups. */
  static String meterColumn(Meter meter) {
    return "m_" + meter.label();
  }

  /** Returns id and columns for a query, of that table. */
  static String columns(String alias) {
    return Stream.concat(Stream.of("id"), COLUMNS.stream())
        .map(name -> alias + '.' + name)
        .collect(joining(", "));
  }

  /** Returns what the columns hold: a Long, a String, or null for a meter that counted nothing. */
  static @Nullable Object[] values(LedgerRow row) {
    @Nullable Object[] values = new Object[COLUMNS.size()];
    int at = 0;
    for (long number : numbers(row)) {
      values[at++] = number;
    }
    for (String text : texts(row)) {
      values[at++] = text;
    }
    for (Meter meter : METERS) {
      long quantity = row.usage().of(meter);
      values[at++] = quantity == 0 ? null : (Long) quantity;
    }
    return values;
  }

  private static long[] numbers(LedgerRow row) {
    LedgerRow.Times times = row.times();
    LedgerRow.Money money = row.money();
    return new long[] {
      row.attempt().number(),
      times.reservedAt(),
      times.endedAt(),
      times.latencyNanos(),
      times.overheadNanos(),
      times.firstTokenNanos(),
      row.outcome().status(),
      money.cost(),
      money.list(),
      money.baseline(),
      money.saved(),
      money.premium()
    };
  }

  private static String[] texts(LedgerRow row) {
    LedgerRow.Caller caller = row.caller();
    LedgerRow.Destination to = row.destination();
    LedgerRow.Outcome outcome = row.outcome();
    Usage usage = row.usage();
    return new String[] {
      Dimension.label(row.attempt().cause()),
      caller.team(),
      caller.app(),
      caller.user(),
      caller.endUser(),
      caller.key(),
      caller.session(),
      metadata(caller.metadata()),
      to.endpoint(),
      to.asked(),
      to.route(),
      to.reason(),
      to.provider(),
      to.model(),
      Dimension.label(outcome.ending()),
      outcome.error(),
      outcome.rule(),
      Dimension.label(outcome.cache()),
      Dimension.label(outcome.waste()),
      Dimension.label(row.usageSource()),
      orEmpty(usage.model()),
      orEmpty(usage.serviceTier()),
      orEmpty(usage.region()),
      row.money().priceVersion(),
      charges(row.charges()),
      budgets(row.charges())
    };
  }

  /** Without NUL: as an escape it gets into PostgreSQL's text, and then into no report. */
  private static String metadata(Map<String, String> metadata) {
    if (metadata.isEmpty()) {
      return "{}";
    }
    TreeMap<String, String> clean = new TreeMap<>();
    metadata.forEach((name, value) -> clean.put(withoutNul(name), withoutNul(value)));
    return json(clean);
  }

  /** Returns the text with the character that stands for what cannot be shown instead of NUL. */
  static String withoutNul(String text) {
    return text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD');
  }

  private static String budgets(List<Charge> charges) {
    if (charges.isEmpty()) {
      return "[]";
    }
    TreeSet<String> budgets = new TreeSet<>();
    for (Charge charge : charges) {
      budgets.add(charge.counter().budget());
    }
    return json(budgets);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static String charges(List<Charge> charges) {
    StringBuilder text = new StringBuilder("[");
    for (Charge charge : charges) {
      text.append(text.length() == 1 ? "" : ",")
          .append("[\"")
          .append(charge.counter().id())
          .append("\",\"")
          .append(charge.owner())
          .append("\",\"")
          .append(charge.amount())
          .append("\"]");
    }
    return text.append(']').toString();
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no JSON form: " + value.getClass(), e);
    }
  }
}
