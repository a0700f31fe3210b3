package io.penstock.server.chaos;

import io.penstock.server.chaos.TallyingProvider.Use;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The ledger against the provider's tally, call by call. */
final class LedgerCheck {
  private static final Pattern CALL = Pattern.compile("\"call\"\\s*:\\s*\"(\\d+)\"");

  private final Map<Long, List<Row>> rows = new HashMap<>();
  private final List<String> wrong = new ArrayList<>();
  private long reported;
  private long estimated;
  private long crashed;
  private long above;

  private record Row(String source, String cause, long cost, long input, long output) {}

  private LedgerCheck() {}

  /** Returns what the ledger has of a budget, over all owners, nano-USD. */
  static long spent(String url, String budget) {
    try (Connection connection = DriverManager.getConnection(url);
        PreparedStatement query =
            connection.prepareStatement(
                "SELECT COALESCE(SUM(t.total), 0) FROM counter_total t JOIN counter c"
                    + " ON c.id = t.counter WHERE c.budget = ?")) {
      query.setString(1, budget);
      try (ResultSet result = query.executeQuery()) {
        result.next();
        return result.getLong(1);
      }
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Compares all rows with the tally. */
  static LedgerCheck of(String url, Map<Long, Use> tally) {
    LedgerCheck check = new LedgerCheck();
    check.read(url);
    tally.forEach(check::compare);
    check.rows.forEach((call, found) -> {
      if (!tally.containsKey(call) && found.stream().anyMatch(r -> r.source.equals("reported"))) {
        check.wrong.add("call " + call + " is reported and was never made: " + found);
      }
    });
    return check;
  }

  private void read(String url) {
    try (Connection connection = DriverManager.getConnection(url);
        PreparedStatement query =
            connection.prepareStatement(
                "SELECT metadata, usage_source, cause, cost, m_input, m_output FROM ledger_row");
        ResultSet result = query.executeQuery()) {
      while (result.next()) {
        Matcher call = CALL.matcher(result.getString(1));
        if (call.find()) {
          rows.computeIfAbsent(Long.parseLong(call.group(1)), n -> new ArrayList<>())
              .add(
                  new Row(
                      result.getString(2),
                      result.getString(3),
                      result.getLong(4),
                      result.getLong(5),
                      result.getLong(6)));
        }
      }
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  private void compare(long call, Use use) {
    List<Row> found = rows.getOrDefault(call, List.of());
    if (found.size() != 1) {
      wrong.add("call " + call + " has rows " + found + " (expected: one)");
      return;
    }
    Row row = found.get(0);
    switch (row.source) {
      case "reported" -> {
        reported++;
        if (row.cost != use.nanos() || row.input != use.input() || row.output != use.output()) {
          wrong.add("call " + call + " is " + row + " (expected: " + use + ")");
        }
      }
      case "estimated" -> {
        crashed += row.cause.equals("crash") ? 1 : 0;
        estimated += row.cause.equals("crash") ? 0 : 1;
        above += row.cost - use.nanos();
        if (row.cost < use.nanos()) {
          wrong.add("call " + call + " is " + row + " (expected: at least " + use + ")");
        }
      }
      default -> wrong.add("call " + call + " is " + row + " (expected: a charge)");
    }
  }

  /** What is not as it should be. */
  List<String> wrong() {
    return wrong;
  }

  long crashed() {
    return crashed;
  }

  @Override
  public String toString() {
    return "ledger: %d rows reported, equal to the tally; %d estimated, %d crash, %d nano-USD above it"
        .formatted(reported, estimated, crashed, above);
  }
}
