package io.penstock.ledger;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/** What roll-ups sum over, UTC. Stored as ordinals: values may only be added at the end. */
enum Grain {
  /** Without callers: with them there would be about one slot per call. */
  HOUR,
  DAY,
  MONTH,
  /** A day without callers: few slots, so that most reports read little. */
  BARE_DAY;

  private static final long HOUR_MILLIS = 3_600_000;
  private static final long DAY_MILLIS = 86_400_000;

  /** Returns the start of the period that contains that instant. */
  long floor(long millis) {
    return switch (this) {
      case HOUR -> Math.floorDiv(millis, HOUR_MILLIS) * HOUR_MILLIS;
      case DAY, BARE_DAY -> Math.floorDiv(millis, DAY_MILLIS) * DAY_MILLIS;
      case MONTH -> month(millis).toEpochDay() * DAY_MILLIS;
    };
  }

  /** Returns the first start of a period that is not before that instant. */
  long ceil(long millis) {
    long floor = floor(millis);
    return floor == millis ? millis : next(floor);
  }

  /** Returns the start of the period after that start. */
  long next(long start) {
    return switch (this) {
      case HOUR -> start + HOUR_MILLIS;
      case DAY, BARE_DAY -> start + DAY_MILLIS;
      case MONTH -> month(start).plusMonths(1).toEpochDay() * DAY_MILLIS;
    };
  }

  /** Returns whether its sums leave out who called. */
  boolean isBare() {
    return this == HOUR || this == BARE_DAY;
  }

  /** Returns what the ends of a period are read from that this grain does not fill, null: rows. */
  @Nullable Grain finer() {
    return switch (this) {
      case HOUR, DAY -> null;
      case MONTH -> DAY;
      case BARE_DAY -> HOUR;
    };
  }

  private static LocalDate month(long millis) {
    return LocalDate.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC).withDayOfMonth(1);
  }
}
