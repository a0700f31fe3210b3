package io.penstock.core.price;

import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When a price card holds. Absent parts hold always.
 *
 * @param from first day, UTC
 * @param until first day on which it holds no more, UTC
 * @param tod start and end of a time of day in {@code zone}, end exclusive
 * @param dow days of the week, 1 = Monday; only with {@code tod}
 * @param contextOver more input tokens than this
 */
record When(
    @Nullable LocalDate from,
    @Nullable LocalDate until,
    ZoneId zone,
    List<LocalTime> tod,
    List<Integer> dow,
    List<String> regions,
    @Nullable String tier,
    @Nullable Long contextOver) {
  static final When ALWAYS =
      new When(null, null, ZoneOffset.UTC, List.of(), List.of(), List.of(), null, null);

  boolean holds(ZonedDateTime utc, String region, String requestedTier, long context) {
    LocalDate day = utc.toLocalDate();
    if (from != null && day.isBefore(from) || until != null && !day.isBefore(until)) {
      return false;
    }
    if (!tod.isEmpty() && !holdsAt(utc.withZoneSameInstant(zone))) {
      return false;
    }
    return (regions.isEmpty() || regions.contains(region))
        && (tier == null || tier.equals(requestedTier))
        && (contextOver == null || context > contextOver);
  }

  private boolean holdsAt(ZonedDateTime local) {
    LocalTime time = local.toLocalTime();
    return !time.isBefore(tod.get(0))
        && time.isBefore(tod.get(1))
        && (dow.isEmpty() || dow.contains(local.getDayOfWeek().getValue()));
  }

  /** Returns the time of day that this needs, such as {@code 01:00-04:00}; "" for any. */
  String hours() {
    return tod.isEmpty() ? "" : tod.get(0) + "-" + tod.get(1);
  }

  /** Returns how many conditions other than dates there are: more of them win. */
  int specificity() {
    return (tod.isEmpty() ? 0 : 1)
        + (regions.isEmpty() ? 0 : 1)
        + (tier == null ? 0 : 1)
        + (contextOver == null ? 0 : 1);
  }
}
