package io.penstock.core.price;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads the single values of one price file. What is none is collected and replaced by something
 * harmless, so that the reading goes on to the next mistake. Used by one thread.
 */
final class Proofreader {
  private final int file;
  private final List<Misprint> problems;
  private String entry = "";

  /**
   * Creates a proofreader of one file.
   *
   * @param file as in {@link Misprint}
   * @param problems takes what is wrong
   */
  Proofreader(int file, List<Misprint> problems) {
    this.file = file;
    this.problems = problems;
  }

  /** Says which entry is read from here on, as {@code provider/model}; "" for none. */
  void entry(String name) {
    entry = name;
  }

  void problem(At at, String value, String expected) {
    problems.add(new Misprint(file, at.steps(), entry, value, expected));
  }

  /** A key that is not understood could be a mistyped price: refused, never ignored. */
  void knownKeys(At at, JsonNode node, Set<String> known) {
    node.fieldNames()
        .forEachRemaining(name -> {
          if (!known.contains(name)) {
            problem(at.key(name), "unknown key", "one of " + new TreeSet<>(known));
          }
        });
  }

  BigDecimal decimal(At at, String text) {
    return parsed(
        at, text, Proofreader::decimal, BigDecimal.ZERO, "a decimal >= 0 with at most 9 places");
  }

  private static BigDecimal decimal(String text) {
    BigDecimal value = new BigDecimal(text);
    if (value.signum() < 0 || value.stripTrailingZeros().scale() > 9) {
      throw new NumberFormatException(text);
    }
    return value;
  }

  LocalTime time(At at, String text) {
    return parsed(at, text, LocalTime::parse, LocalTime.MIDNIGHT, "a time such as 06:30");
  }

  LocalDate date(At at, String text) {
    return parsed(at, text, LocalDate::parse, LocalDate.EPOCH, "a date such as 2026-11-21");
  }

  ZoneId zone(At at, String text) {
    return parsed(at, text, ZoneId::of, ZoneOffset.UTC, "a time zone such as Europe/Berlin");
  }

  void checkPattern(At at, String regex) {
    parsed(at, regex, Pattern::compile, regex, "a regular expression");
  }

  private <T> T parsed(
      At at, String text, Function<String, ? extends T> parse, T instead, String expected) {
    try {
      return parse.apply(text);
    } catch (DateTimeException | NumberFormatException | PatternSyntaxException e) {
      problem(at, text, expected);
      return instead;
    }
  }
}
