package io.penstock.budget;

import static java.time.temporal.ChronoUnit.HOURS;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.TemporalAdjusters;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;

/**
 * The calendar windows of a budget. Bounds are midnights (or full hours) of the zone, so that a day
 * with a clock change has 23 or 25 hours; a midnight that does not exist is the first moment after
 * the gap.
 */
public record Window(Every every, ZoneId zone) {
  /** The lengths of a window. */
  public enum Every {
    HOUR,
    DAY,
    /** Monday to Sunday. */
    WEEK,
    MONTH,
    QUARTER,
    YEAR,
    /** Never resets. */
    TOTAL
  }

  /**
   * One window.
   *
   * @param start epoch milliseconds, inclusive
   * @param end epoch milliseconds, exclusive; {@link Long#MAX_VALUE} for {@code total}
   */
  public record Span(long start, long end) {
    /** The one window of {@code total}. */
    public static final Span TOTAL = new Span(0, Long.MAX_VALUE);
  }

  /** Returns the window that contains the moment. */
  public Span at(long epochMillis) {
    if (every == Every.TOTAL) {
      return Span.TOTAL;
    }
    ZonedDateTime now = Instant.ofEpochMilli(epochMillis).atZone(zone);
    if (every == Every.HOUR) {
      return hour(now);
    }
    ZonedDateTime day = now.toLocalDate().atStartOfDay(zone);
    return switch (every) {
      case DAY -> span(day, day.toLocalDate().plusDays(1));
      case WEEK -> {
        ZonedDateTime monday =
            day.toLocalDate()
                .with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
                .atStartOfDay(zone);
        yield span(monday, monday.toLocalDate().plusWeeks(1));
      }
      case MONTH -> months(day, day.getMonthValue(), 1);
      case QUARTER -> months(day, (day.getMonthValue() - 1) / 3 * 3 + 1, 3);
      case YEAR -> months(day, 1, 12);
      case HOUR, TOTAL -> throw new IllegalStateException(every.name());
    };
  }

  /**
   * An hour that a clock change repeats is two windows; one in the middle of which clocks change,
   * as by half an hour, ends and begins there.
   */
  private Span hour(ZonedDateTime now) {
    ZoneRules rules = zone.getRules();
    Instant moment = now.toInstant();
    Instant start = now.toLocalDateTime().truncatedTo(HOURS).toInstant(now.getOffset());
    Instant end = start.plus(1, HOURS);
    ZoneOffsetTransition last = rules.previousTransition(moment.plusNanos(1));
    ZoneOffsetTransition next = rules.nextTransition(moment);
    if (last != null && last.getInstant().isAfter(start)) {
      start = last.getInstant();
    }
    if (next != null && next.getInstant().isBefore(end)) {
      end = next.getInstant();
    }
    return new Span(start.toEpochMilli(), end.toEpochMilli());
  }

  private Span months(ZonedDateTime day, int firstMonth, int count) {
    ZonedDateTime start =
        day.toLocalDate().withDayOfMonth(1).withMonth(firstMonth).atStartOfDay(zone);
    return span(start, start.toLocalDate().plusMonths(count));
  }

  private Span span(ZonedDateTime start, java.time.LocalDate end) {
    return new Span(
        start.toInstant().toEpochMilli(), end.atStartOfDay(zone).toInstant().toEpochMilli());
  }
}
