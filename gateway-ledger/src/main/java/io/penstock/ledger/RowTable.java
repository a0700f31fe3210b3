package io.penstock.ledger;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toUnmodifiableSet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
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
  private static final List<String> COLUMNS =
      Stream.of(NUMBERS.stream(), TEXTS.stream(), Stream.of(METERS).map(Schema::meterColumn))
          .flatMap(names -> names)
          .toList();

  /**
   * Texts of this program's own. A column that holds one of them in a whole batch has it in the
   * statement: to bind a value costs more than to store it, and most columns of most rows say
   * little. No other text is ever part of a statement.
   */
  private static final Set<String> OWN = own();

  private static final ObjectMapper JSON = new ObjectMapper();

  private final SqlDialect dialect;

  RowTable(SqlDialect dialect) {
    this.dialect = dialect;
  }

  static String columns(String alias) {
    return Stream.concat(Stream.of("id"), COLUMNS.stream())
        .map(name -> alias + '.' + name)
        .collect(joining(", "));
  }

  private static Set<String> own() {
    return Stream.concat(
            Stream.of("", "{}", "[]"),
            Stream.of(
                    Cause.values(),
                    Ending.values(),
                    CacheOutcome.values(),
                    Waste.values(),
                    UsageSource.values())
                .flatMap(Stream::of)
                .map(Dimension::label))
        .collect(toUnmodifiableSet());
  }

  /** Inserts those that are not there yet and returns them. */
  List<LedgerRow> insert(Connection connection, List<LedgerRow> rows) throws SQLException {
    List<@Nullable Object[]> lines = new ArrayList<>(rows.size());
    for (LedgerRow row : rows) {
      lines.add(values(row));
    }
    @Nullable String[] common = common(lines);
    int[] counts;
    try (PreparedStatement insert = connection.prepareStatement(insert(common))) {
      for (int i = 0; i < rows.size(); i++) {
        dialect.bind(insert, 1, rows.get(i).id());
        bind(insert, lines.get(i), common);
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

  /** Returns, by column, what the statement says for all lines, or null where each is bound. */
  private static @Nullable String[] common(List<@Nullable Object[]> lines) {
    @Nullable String[] common = new String[COLUMNS.size()];
    for (int column = 0; column < common.length && !lines.isEmpty(); column++) {
      common[column] = literal(lines.getFirst()[column]);
    }
    for (@Nullable Object[] line : lines) {
      for (int column = 0; column < common.length; column++) {
        if (common[column] != null && !Objects.equals(line[column], lines.getFirst()[column])) {
          common[column] = null;
        }
      }
    }
    return common;
  }

  private static @Nullable String literal(@Nullable Object value) {
    if (value == null) {
      return "NULL";
    }
    if (value instanceof String text) {
      return OWN.contains(text) ? '\'' + text + '\'' : null;
    }
    return value.equals(0L) ? "0" : null;
  }

  private static String insert(@Nullable String[] common) {
    return "INSERT INTO ledger_row (id, "
        + String.join(", ", COLUMNS)
        + ") VALUES (?, "
        + Stream.of(common).map(value -> value == null ? "?" : value).collect(joining(", "))
        + ") ON CONFLICT (id) DO NOTHING";
  }

  private static void bind(
      PreparedStatement insert, @Nullable Object[] line, @Nullable String[] common)
      throws SQLException {
    int at = 2;
    for (int column = 0; column < line.length; column++) {
      if (common[column] == null) {
        switch (line[column]) {
          case null -> insert.setNull(at++, Types.BIGINT);
          // PostgreSQL refuses NUL in text; a client may have sent one.
          case String text ->
              insert.setString(at++, text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD'));
          case Object number -> insert.setLong(at++, (Long) number);
        }
      }
    }
  }

  /** Returns what the columns hold: a Long, a String, or null for a meter that counted nothing. */
  private static @Nullable Object[] values(LedgerRow row) {
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
