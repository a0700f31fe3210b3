package io.penstock.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads the rows that {@link RowTable} wrote. */
final class RowParser {
  private static final Meter[] METERS = Meter.values();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<TreeMap<String, String>> TEXT_MAP = new TypeReference<>() {};
  private static final TypeReference<List<List<String>>> TEXT_TABLE = new TypeReference<>() {};

  private final SqlDialect dialect;

  RowParser(SqlDialect dialect) {
    this.dialect = dialect;
  }

  /**
   * Reads the row at the result's position, selected by {@link RowColumns#columns}, without
   * charges.
   */
  LedgerRow read(ResultSet results) throws SQLException {
    Cursor cursor = new Cursor(results);
    UUID id = dialect.uuid(results, cursor.at++);
    int number = (int) cursor.number();
    LedgerRow.Times times =
        new LedgerRow.Times(
            cursor.number(), cursor.number(), cursor.number(), cursor.number(), cursor.number());
    int status = (int) cursor.number();
    long[] money = {
      cursor.number(), cursor.number(), cursor.number(), cursor.number(), cursor.number()
    };
    Cause cause = cursor.label(Cause.class);
    LedgerRow.Caller caller =
        new LedgerRow.Caller(
            cursor.text(),
            cursor.text(),
            cursor.text(),
            cursor.text(),
            cursor.text(),
            cursor.text(),
            textMap(cursor.text()));
    LedgerRow.Destination destination =
        new LedgerRow.Destination(
            cursor.text(),
            cursor.text(),
            cursor.text(),
            cursor.text(),
            cursor.text(),
            cursor.text());
    LedgerRow.Outcome outcome = outcome(cursor, status);
    UsageSource source = cursor.label(UsageSource.class);
    Usage.Builder usage =
        Usage.builder()
            .model(orNull(cursor.text()))
            .serviceTier(orNull(cursor.text()))
            .region(orNull(cursor.text()));
    String version = cursor.text();
    cursor.text(); // charges: they need counters
    cursor.text(); // budgets: derived from the charges
    for (Meter meter : METERS) {
      usage.set(meter, cursor.number());
    }
    return new LedgerRow(
        new LedgerRow.Attempt(RequestIds.request(id, number), number, cause),
        times,
        caller,
        destination,
        outcome,
        usage.build(),
        source,
        new LedgerRow.Money(money[0], money[1], money[2], money[3], money[4], version),
        List.of());
  }

  /**
   * Returns a row that was read with its charges.
   *
   * @param charges as the column has them
   * @param counters at least those that the charges name
   */
  static LedgerRow charged(LedgerRow row, String charges, Map<UUID, Counter> counters) {
    return new LedgerRow(
        row.attempt(),
        row.times(),
        row.caller(),
        row.destination(),
        row.outcome(),
        row.usage(),
        row.usageSource(),
        row.money(),
        charges(charges, counters));
  }

  private static LedgerRow.Outcome outcome(Cursor cursor, int status) throws SQLException {
    Ending ending = cursor.label(Ending.class);
    return new LedgerRow.Outcome(
        status,
        ending,
        cursor.text(),
        cursor.text(),
        cursor.label(CacheOutcome.class),
        cursor.label(Waste.class));
  }

  private static List<Charge> charges(String json, Map<UUID, Counter> counters) {
    List<Charge> charges = new ArrayList<>();
    for (List<String> entry : parse(json, TEXT_TABLE)) {
      UUID id = UUID.fromString(entry.get(0));
      Counter counter = counters.get(id);
      if (counter == null) {
        throw new LedgerException("the ledger has a charge to an unknown counter: " + id);
      }
      charges.add(new Charge(counter, Long.parseLong(entry.get(1)), Long.parseLong(entry.get(2))));
    }
    return charges;
  }

  /** Reads columns from left to right. */
  private static final class Cursor {
    private final ResultSet results;
    private int at = 1;

    Cursor(ResultSet results) {
      this.results = results;
    }

    long number() throws SQLException {
      return results.getLong(at++);
    }

    String text() throws SQLException {
      return results.getString(at++);
    }

    <E extends Enum<E>> E label(Class<E> type) throws SQLException {
      return Enum.valueOf(type, text().toUpperCase(Locale.ROOT));
    }
  }

  private static <T> T parse(String json, TypeReference<T> type) {
    try {
      return JSON.readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new LedgerException("the ledger holds unreadable JSON: " + json, e);
    }
  }

  static Map<String, String> textMap(String json) {
    return parse(json, TEXT_MAP);
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
