package io.penstock.ledger;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Rows as a table: one line per row, one column per meter. {@link RowParser} reads what is written
 * here.
 */
final class RowTable {
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
  private static final List<String> ALWAYS =
      Stream.of(Stream.of("id"), NUMBERS.stream(), TEXTS.stream()).flatMap(names -> names).toList();
  private static final List<String> ALL =
      Stream.concat(ALWAYS.stream(), Stream.of(METERS).map(Schema::meterColumn)).toList();
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SqlDialect dialect;

  RowTable(SqlDialect dialect) {
    this.dialect = dialect;
  }

  static String columns(String alias) {
    return ALL.stream().map(name -> alias + '.' + name).collect(joining(", "));
  }

  /** Inserts those that are not there yet and returns them. */
  List<LedgerRow> insert(Connection connection, List<LedgerRow> rows) throws SQLException {
    List<Meter> meters = used(rows);
    int[] counts;
    try (PreparedStatement insert = connection.prepareStatement(insert(meters))) {
      for (LedgerRow row : rows) {
        bind(insert, row, meters);
        insert.addBatch();
      }
      counts = insert.executeBatch();
    }
    List<LedgerRow> fresh = new ArrayList<>(rows.size());
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] == 1) {
        fresh.add(rows.get(i));
      }
    }
    return fresh;
  }

  /** A row has a handful of meters out of many: columns that a batch leaves empty are not named. */
  private static List<Meter> used(List<LedgerRow> rows) {
    return Stream.of(METERS)
        .filter(meter -> rows.stream().anyMatch(row -> row.usage().of(meter) != 0))
        .toList();
  }

  private static String insert(List<Meter> meters) {
    return "INSERT INTO ledger_row ("
        + String.join(", ", ALWAYS)
        + meters.stream().map(meter -> ", " + Schema.meterColumn(meter)).collect(joining())
        + ") VALUES (?"
        + ", ?".repeat(ALWAYS.size() + meters.size() - 1)
        + ") ON CONFLICT (id) DO NOTHING";
  }

  private void bind(PreparedStatement insert, LedgerRow row, List<Meter> meters)
      throws SQLException {
    dialect.bind(insert, 1, row.id());
    int at = 2;
    LedgerRow.Times times = row.times();
    LedgerRow.Money money = row.money();
    for (long number :
        new long[] {
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
        }) {
      insert.setLong(at++, number);
    }
    for (String text : texts(row)) {
      // PostgreSQL refuses NUL in text; a client may have sent one.
      insert.setString(at++, text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD'));
    }
    for (Meter meter : meters) {
      long quantity = row.usage().of(meter);
      if (quantity == 0) {
        insert.setNull(at++, Types.BIGINT);
      } else {
        insert.setLong(at++, quantity);
      }
    }
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
      caller.metadata().isEmpty() ? "{}" : json(new TreeMap<>(caller.metadata())),
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
