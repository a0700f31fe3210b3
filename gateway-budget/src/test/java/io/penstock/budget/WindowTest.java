package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.budget.Window.Every;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WindowTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private static Window.Span at(Every every, ZoneId zone, String moment) {
    return new Window(every, zone).at(Instant.parse(moment).toEpochMilli());
  }

  private static long millis(String moment) {
    return Instant.parse(moment).toEpochMilli();
  }

  @Test
  void day_clocksGoForward_has23Hours() {
    Window.Span day = at(Every.DAY, BERLIN, "2026-03-29T12:00:00Z");

    assertThat(day.start()).isEqualTo(millis("2026-03-28T23:00:00Z"));
    assertThat(day.end() - day.start()).isEqualTo(23 * 3_600_000L);
  }

  @Test
  void day_clocksGoBack_has25Hours() {
    Window.Span day = at(Every.DAY, BERLIN, "2026-10-25T12:00:00Z");

    assertThat(day.end() - day.start()).isEqualTo(25 * 3_600_000L);
  }

  @Test
  void day_midnightDoesNotExist_startsAfterTheGap() {
    Window.Span day = at(Every.DAY, ZoneId.of("America/Asuncion"), "2023-10-01T12:00:00Z");

    assertThat(day.start()).isEqualTo(millis("2023-10-01T04:00:00Z"));
    assertThat(day.end() - day.start()).isEqualTo(23 * 3_600_000L);
  }

  @Test
  void hour_thatIsRepeated_isTwoWindows() {
    Window.Span first = at(Every.HOUR, BERLIN, "2026-10-25T00:30:00Z");
    Window.Span second = at(Every.HOUR, BERLIN, "2026-10-25T01:30:00Z");

    assertThat(first.end()).isEqualTo(second.start());
  }

  @Test
  void hour_clocksChangeInItsMiddle_endsThere_andTheNextBegins() {
    ZoneId lordHowe = ZoneId.of("Australia/Lord_Howe");

    // At 15:00Z it is 02:00 again 01:30: half an hour is repeated.
    Window.Span first = at(Every.HOUR, lordHowe, "2026-04-04T14:45:00Z");
    Window.Span again = at(Every.HOUR, lordHowe, "2026-04-04T15:15:00Z");
    Window.Span next = at(Every.HOUR, lordHowe, "2026-04-04T15:30:00Z");

    assertThat(first).isEqualTo(new Window.Span(millis("2026-04-04T14:00:00Z"), again.start()));
    assertThat(again)
        .isEqualTo(new Window.Span(millis("2026-04-04T15:00:00Z"), millis("2026-04-04T15:30:00Z")));
    assertThat(next.start()).isEqualTo(again.end());
    assertThat(next.end() - next.start()).isEqualTo(3_600_000L);
  }

  @Test
  void week_anySunday_startsMonday() {
    Window.Span week = at(Every.WEEK, ZoneId.of("UTC"), "2026-01-04T23:59:59Z");

    assertThat(week.start()).isEqualTo(millis("2025-12-29T00:00:00Z"));
    assertThat(week.end()).isEqualTo(millis("2026-01-05T00:00:00Z"));
  }

  @Test
  void monthQuarterYear_lastDay_endTogether() {
    ZoneId utc = ZoneId.of("UTC");
    String moment = "2026-12-31T23:59:59Z";

    assertThat(at(Every.MONTH, utc, moment).start()).isEqualTo(millis("2026-12-01T00:00:00Z"));
    assertThat(at(Every.QUARTER, utc, moment).start()).isEqualTo(millis("2026-10-01T00:00:00Z"));
    assertThat(at(Every.YEAR, utc, moment).start()).isEqualTo(millis("2026-01-01T00:00:00Z"));
    for (Every every : new Every[] {Every.MONTH, Every.QUARTER, Every.YEAR}) {
      assertThat(at(every, utc, moment).end()).isEqualTo(millis("2027-01-01T00:00:00Z"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"})
  void any_consecutiveWindows_touch(String zone) {
    for (Every every : Every.values()) {
      if (every == Every.TOTAL) {
        continue;
      }
      Window window = new Window(every, ZoneId.of(zone));
      Window.Span span = window.at(millis("2026-01-01T00:00:00Z"));
      for (int i = 0; i < 700; i++) {
        Window.Span next = window.at(span.end());
        assertThat(next.start()).as("%s %d", every, i).isEqualTo(span.end());
        assertThat(window.at(next.end() - 1)).isEqualTo(next);
        span = next;
      }
    }
  }
}
