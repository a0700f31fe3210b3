package io.penstock.ledger.statement;

import io.penstock.core.price.NanoUsd;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/** Makes the statements of a month, and closes it. Months are UTC. */
public final class Statements {
  private static final long DAY_MILLIS = 86_400_000;
  private static final String USAGE = "usage";
  private static final String CORRECTION = "correction";
  private static final String MARKUP = "markup";
  private static final String SHARED = "shared";

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
    if (closed().containsKey(month)) {
      return issued(month);
    }
    List<Line> lines = usage(month);
    Map<String, Long> used = byTeam(lines);
    lines.addAll(corrections(month)); // marked up too, as what they correct was
    lines.addAll(markups(month, byTeam(lines)));
    lines.addAll(shared(month, used));
    lines.sort(Comparator.comparing(Line::team)); // stable: the order within a team stays
    return lines;
  }

  /** Returns the months that are closed, oldest first, and when each was. Blocks. */
  public NavigableMap<YearMonth, Instant> closed() {
    return book.closed();
  }

  /** Returns the usage of a closed month as it was issued, nano-USD by team. Blocks. */
  public Map<String, Long> issuedUsage(YearMonth month) {
    return byTeam(issued(month).stream().filter(line -> line.kind().equals(USAGE)).toList());
  }

  private List<Line> issued(YearMonth month) {
    return book.lines().stream().filter(line -> line.month().equals(month)).toList();
  }

  private static Map<String, Long> byTeam(List<Line> lines) {
    TreeMap<String, Long> amounts = new TreeMap<>();
    lines.forEach(line -> amounts.merge(line.team(), line.amount(), Math::addExact));
    return amounts;
  }

  /**
   * Returns what a month would be closed with, so that it can be delivered before. Blocks.
   *
   * @throws IllegalArgumentException when the month is not over, closed already, or empty
   */
  public List<Line> toClose(YearMonth month, Instant now) {
    if (start(month.plusMonths(1)) > now.toEpochMilli()) {
      throw new IllegalArgumentException(
          month
              + " is not over (expected: a month before "
              + YearMonth.from(now.atZone(ZoneOffset.UTC))
              + ")");
    }
    if (closed().containsKey(month)) {
      throw new IllegalArgumentException(month + " is closed and does not change");
    }
    List<Line> lines = of(month);
    if (lines.isEmpty()) {
      throw new IllegalArgumentException(
          "no calls were recorded in "
              + month
              + ": it stays open (expected: a month that has any)");
    }
    return lines;
  }

  /**
   * Closes a month with what {@link #toClose} returned: from now on it reads so.
   *
   * @throws io.penstock.ledger.LedgerException when it was closed meanwhile
   */
  public void close(YearMonth month, List<Line> lines, Instant now) {
    book.close(month, lines, now.toEpochMilli());
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

  private List<Line> markups(YearMonth month, Map<String, Long> charged) {
    List<Line> lines = new ArrayList<>();
    charged.forEach((team, amount) -> {
      long markup =
          terms
              .markup()
              .multiply(BigDecimal.valueOf(amount))
              .setScale(0, RoundingMode.HALF_UP)
              .longValueExact();
      if (markup != 0) {
        String share = terms.markup().movePointRight(2).stripTrailingZeros().toPlainString();
        lines.add(new Line(month, team, MARKUP, share + " %", 0, markup));
      }
    });
    return lines;
  }

  private List<Line> shared(YearMonth month, Map<String, Long> used) {
    List<Line> lines = new ArrayList<>();
    for (StatementTerms.Shared shared : terms.shared()) {
      split(shared.amount(), used)
          .forEach(
              (team, part) -> lines.add(new Line(month, team, SHARED, shared.name(), 0, part)));
    }
    return lines;
  }

  /**
   * Refuses terms that make something else of a closed month than was issued. Blocks.
   *
   * @param whole whether shared costs count too, which are of whole months
   * @throws IllegalArgumentException naming the terms that it was issued with
   */
  public void requireIssuedTerms(YearMonth month, boolean whole) {
    List<Line> issued = issued(month);
    List<Line> charged = new ArrayList<>(issued);
    charged.removeIf(line -> line.kind().equals(MARKUP) || line.kind().equals(SHARED));
    Set<Line> is = new HashSet<>(issued);
    is.removeAll(charged);
    Set<Line> would = new HashSet<>(markups(month, byTeam(charged)));
    if (whole) {
      would.addAll(shared(month, issuedUsage(month)));
    } else {
      is.removeIf(line -> line.kind().equals(SHARED));
    }
    if (!is.equals(would)) {
      throw new IllegalArgumentException(
          month + " is closed and was issued with other terms (expected: " + said(is) + ")");
    }
  }

  private static String said(Set<Line> lines) {
    TreeMap<String, Long> costs = new TreeMap<>();
    String markup = "0%";
    for (Line line : lines) {
      if (line.kind().equals(SHARED)) {
        costs.merge(line.description(), line.amount(), Math::addExact);
      } else {
        markup = line.description().replace(" ", "");
      }
    }
    StringBuilder said = new StringBuilder("--markup " + markup);
    costs.forEach((name, amount) ->
        said.append(" --shared ")
            .append(name)
            .append("=\"")
            .append(NanoUsd.format(amount))
            .append(" USD\""));
    return said.toString();
  }

  /**
   * Splits an amount in proportion, to the nano: what rounding down leaves goes to the largest
   * remainders. Both are nano-USD. Where no weight is above 0 all of it is nobody's: that of "".
   */
  public static Map<String, Long> split(long amount, Map<String, Long> weights) {
    BigInteger total = BigInteger.ZERO;
    for (long weight : weights.values()) {
      total = total.add(BigInteger.valueOf(Math.max(0, weight)));
    }
    if (amount == 0 || total.signum() == 0) {
      return amount == 0 ? Map.of() : Map.of("", amount);
    }
    Map<String, Long> parts = new TreeMap<>();
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
    parts.values().removeIf(part -> part == 0);
    return parts;
  }

  /**
   * Returns what a statement bills of closed months: as issued when it is closed itself; else what
   * rows that came later changed, less what other statements billed of it already. Only the month
   * after the last one that was closed has any, so that each is billed once. Blocks.
   */
  public List<Line> corrections(YearMonth month) {
    List<Line> issued = book.lines();
    NavigableMap<YearMonth, Instant> closed = closed();
    if (closed.containsKey(month)) {
      return issued.stream()
          .filter(line -> line.month().equals(month) && line.kind().equals(CORRECTION))
          .toList();
    }
    List<Line> lines = new ArrayList<>();
    if (closed.isEmpty() || !closed.lastKey().plusMonths(1).equals(month)) {
      return lines;
    }
    for (YearMonth earlier : closed.keySet()) {
      lines.addAll(correction(month, earlier, issued));
    }
    return lines;
  }

  private List<Line> correction(YearMonth month, YearMonth earlier, List<Line> issued) {
    TreeMap<String, Long> differences = new TreeMap<>();
    spend(earlier, "team")
        .forEach(line ->
            differences.merge(line.key().getFirst(), line.of(Measure.COST), Math::addExact));
    for (Line line : issued) {
      boolean counts =
          (line.kind().equals(USAGE) && line.month().equals(earlier))
              || (line.kind().equals(CORRECTION) && line.description().equals(earlier.toString()));
      if (counts) {
        differences.merge(line.team(), -line.amount(), Math::addExact);
      }
    }
    List<Line> lines = new ArrayList<>();
    differences.forEach((team, difference) -> {
      if (difference != 0) {
        lines.add(new Line(month, team, CORRECTION, earlier.toString(), 0, difference));
      }
    });
    return lines;
  }

  /** Returns the month of a moment. */
  public static YearMonth month(long millis) {
    return YearMonth.from(Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC));
  }

  /** Returns the first millisecond of a month. */
  public static long start(YearMonth month) {
    return month.atDay(1).toEpochDay() * DAY_MILLIS;
  }
}
