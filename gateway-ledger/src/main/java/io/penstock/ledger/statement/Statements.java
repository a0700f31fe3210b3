package io.penstock.ledger.statement;

import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.Measure;
import io.penstock.ledger.SpendLine;
import io.penstock.ledger.SpendQuery;
import io.penstock.ledger.StatementBook;
import io.penstock.ledger.StatementBook.Line;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Makes the statements of a month, and closes it. Months are UTC. */
public final class Statements {
  private static final long DAY_MILLIS = 86_400_000;
  private static final String USAGE = "usage";
  private static final String CORRECTION = "correction";

  private final LedgerQueries ledger;
  private final StatementBook book;
  private final StatementTerms terms;

  /** Creates statements over a ledger. */
  public Statements(LedgerQueries ledger, StatementBook book, StatementTerms terms) {
    this.ledger = ledger;
    this.book = book;
    this.terms = terms;
  }

  /** Returns the lines of a month: as issued when it is closed, as of now when not. Blocks. */
  public List<Line> of(YearMonth month) {
    if (book.closedMonths().contains(month)) {
      return book.lines().stream().filter(line -> line.month().equals(month)).toList();
    }
    List<Line> lines = usage(month);
    TreeMap<String, Long> byTeam = new TreeMap<>();
    lines.forEach(line -> byTeam.merge(line.team(), line.amount(), Math::addExact));
    byTeam.forEach((team, amount) -> addMarkup(month, team, amount, lines));
    for (StatementTerms.Shared shared : terms.shared()) {
      split(shared.amount(), byTeam)
          .forEach(
              (team, part) -> lines.add(new Line(month, team, "shared", shared.name(), 0, part)));
    }
    lines.addAll(corrections(month));
    lines.sort(Comparator.comparing(Line::team)); // stable: the order within a team stays
    return lines;
  }

  /**
   * Closes a month: from now on it reads as it was issued.
   *
   * @throws IllegalArgumentException when the month is not over
   * @throws io.penstock.ledger.LedgerException when it is closed already
   */
  public void close(YearMonth month, Instant now) {
    if (start(month.plusMonths(1)) > now.toEpochMilli()) {
      throw new IllegalArgumentException(
          month
              + " is not over (expected: a month before "
              + YearMonth.from(now.atZone(ZoneOffset.UTC))
              + ")");
    }
    book.close(month, of(month), now.toEpochMilli());
  }

  private List<Line> usage(YearMonth month) {
    List<Line> lines = new ArrayList<>();
    for (SpendLine line : spend(month, "team", "provider", "model")) {
      if (line.of(Measure.COST) != 0) {
        String target = line.key().get(1) + '/' + line.key().get(2);
        lines.add(
            new Line(
                month,
                line.key().getFirst(),
                USAGE,
                target.equals("/") ? "corrections" : target,
                line.of(Measure.CALLS),
                line.of(Measure.COST)));
      }
    }
    return lines;
  }

  private List<SpendLine> spend(YearMonth month, String... by) {
    return ledger.spend(SpendQuery.of(start(month), start(month.plusMonths(1)), by)).lines();
  }

  private void addMarkup(YearMonth month, String team, long usage, List<Line> lines) {
    long markup =
        terms
            .markup()
            .multiply(BigDecimal.valueOf(usage))
            .setScale(0, RoundingMode.HALF_UP)
            .longValueExact();
    if (markup != 0) {
      lines.add(
          new Line(
              month,
              team,
              "markup",
              terms.markup().movePointRight(2).stripTrailingZeros().toPlainString() + " %",
              0,
              markup));
    }
  }

  /**
   * Splits an amount in proportion, to the nano: what rounding down leaves goes to the largest
   * remainders. Both are nano-USD; nothing is split where no weight is above 0.
   */
  public static Map<String, Long> split(long amount, Map<String, Long> weights) {
    BigInteger total = BigInteger.ZERO;
    for (long weight : weights.values()) {
      total = total.add(BigInteger.valueOf(Math.max(0, weight)));
    }
    Map<String, Long> parts = new TreeMap<>();
    if (total.signum() == 0) {
      return parts;
    }
    Map<String, BigInteger> remainders = new TreeMap<>();
    long left = amount;
    for (Map.Entry<String, Long> weight : weights.entrySet()) {
      BigInteger[] division =
          BigInteger.valueOf(amount)
              .multiply(BigInteger.valueOf(Math.max(0, weight.getValue())))
              .divideAndRemainder(total);
      parts.put(weight.getKey(), division[0].longValueExact());
      remainders.put(weight.getKey(), division[1]);
      left -= division[0].longValueExact();
    }
    List<String> order = new ArrayList<>(parts.keySet());
    order.sort(
        Comparator.comparing(
            (String name) -> remainders.getOrDefault(name, BigInteger.ZERO),
            Comparator.reverseOrder()));
    for (int i = 0; i < left; i++) {
      parts.merge(order.get(i), 1L, Long::sum);
    }
    return parts;
  }

  /** What rows that came later changed in closed months, less what later months already billed. */
  private List<Line> corrections(YearMonth month) {
    List<Line> issued = book.lines();
    List<Line> lines = new ArrayList<>();
    for (YearMonth closed : book.closedMonths()) {
      TreeMap<String, Long> known = new TreeMap<>();
      for (Line line : issued) {
        boolean counts =
            (line.kind().equals(USAGE) && line.month().equals(closed))
                || (line.kind().equals(CORRECTION) && line.description().equals(closed.toString()));
        if (counts) {
          known.merge(line.team(), line.amount(), Math::addExact);
        }
      }
      TreeMap<String, Long> actual = new TreeMap<>();
      spend(closed, "team")
          .forEach(line -> actual.put(line.key().getFirst(), line.of(Measure.COST)));
      TreeSet<String> teams = new TreeSet<>(known.keySet());
      teams.addAll(actual.keySet());
      for (String team : teams) {
        long difference = actual.getOrDefault(team, 0L) - known.getOrDefault(team, 0L);
        if (difference != 0) {
          lines.add(new Line(month, team, CORRECTION, closed.toString(), 0, difference));
        }
      }
    }
    return lines;
  }

  private static long start(YearMonth month) {
    return month.atDay(1).toEpochDay() * DAY_MILLIS;
  }
}
