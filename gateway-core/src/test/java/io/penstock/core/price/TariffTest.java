package io.penstock.core.price;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which card of a model holds, and what the dearest of those costs that a request may reach. */
class TariffTest {
  private static final long NOW = Instant.parse("2026-11-20T12:00:00Z").toEpochMilli();
  private static final long NIGHT = Instant.parse("2026-11-20T02:00:00Z").toEpochMilli();
  private static final int PER = 1_000_000;

  private final Tariff tariff =
      tariff(
          card(null, null, null, "1"),
          // As catalogues may have them: in no order, and a step twice.
          card(200L, null, null, "3"),
          card(100L, null, null, "5"),
          card(200L, null, "flex", "2"),
          card(null, "eu", null, "4"),
          new Catalogue.Card(
              new When(
                  null,
                  null,
                  ZoneOffset.UTC,
                  List.of(LocalTime.of(1, 0), LocalTime.of(4, 0)),
                  List.of(),
                  List.of(),
                  null,
                  null),
              Map.of(Meter.INPUT, new BigDecimal("0.5"))));

  private static Tariff tariff(Catalogue.Card... cards) {
    Catalogue.Entry entry =
        new Catalogue.Entry(
            "m",
            "chat",
            List.of(),
            List.of(cards),
            new Catalogue.Limits(-1, -1, -1),
            Set.of(),
            null,
            false);
    Catalogue.Vendor vendor = new Catalogue.Vendor("v", "V", List.of(), Map.of("m", entry));
    return new Tariff(new LayeredCards(vendor, entry), Map.of(Meter.INPUT, PER), "");
  }

  private static Catalogue.Card card(
      @Nullable Long over, @Nullable String region, @Nullable String tier, String input) {
    List<String> regions = region == null ? List.of() : List.of(region);
    return new Catalogue.Card(
        new When(null, null, ZoneOffset.UTC, List.of(), List.of(), regions, tier, over),
        Map.of(Meter.INPUT, new BigDecimal(input)));
  }

  private static Usage input(long tokens) {
    return Usage.builder().set(Meter.INPUT, tokens).build();
  }

  private @Nullable BigDecimal rate(Usage usage, long at) {
    return tariff.of(usage, at).usd(Meter.INPUT);
  }

  @Test
  void contextTier_stepsInNoOrder_isTheHighestThatIsPassed() {
    assertThat(tariff.contextTier(100)).isEmpty();
    assertThat(tariff.contextTier(101)).isEqualTo(">100");
    assertThat(tariff.contextTier(200)).isEqualTo(">100");
    assertThat(tariff.contextTier(201)).isEqualTo(">200");
  }

  @Test
  void goesBeyond_lastStepAtTheContext_isTrue() {
    assertThat(tariff.goesBeyond(200)).isTrue();
    assertThat(tariff.goesBeyond(201)).isFalse();
    assertThat(tariff(card(null, null, null, "1")).goesBeyond(-1)).isFalse();
  }

  @Test
  void of_eachCondition_hasItsOwnRate() {
    assertThat(rate(input(100), NOW)).isEqualByComparingTo("1");
    assertThat(rate(input(150), NOW)).isEqualByComparingTo("5");
    assertThat(rate(input(201), NOW)).isEqualByComparingTo("3");
    assertThat(rate(input(201).toBuilder().serviceTier("flex").build(), NOW))
        .isEqualByComparingTo("2");
    assertThat(rate(input(1).toBuilder().region("eu").build(), NOW)).isEqualByComparingTo("4");
    assertThat(rate(input(1), NIGHT)).isEqualByComparingTo("0.5");
    assertThat(tariff.hours(input(1), NIGHT)).isEqualTo("01:00-04:00");
    assertThat(tariff.hours(input(1), NOW)).isEmpty();
  }

  @Test
  void standard_isOfAShortContextInNoTier() {
    assertThat(tariff.standard(NOW).usd(Meter.INPUT)).isEqualByComparingTo("1");
  }

  @Test
  void boundNanos_lowerStepIsDearer_isThat() {
    // USD per million tokens: a thousand nano-USD for each.
    assertThat(tariff.boundNanos(300, 0, Usage.NONE, Set.of(), NOW, 0)).isEqualTo(300 * 5_000);
    assertThat(tariff.boundNanos(300, 0, Usage.NONE, Set.of("flex"), NOW, 0))
        .isEqualTo(300 * 5_000);
    assertThat(tariff.boundNanos(300, 0, Usage.NONE, Set.of(), NOW, 1_000)).isEqualTo(300 * 4_500);
  }

  @Test
  void boundNanos_askedRegionIsDearer_isThat() {
    Usage inEurope = Usage.builder().region("eu").build();
    assertThat(tariff.boundNanos(100, 0, Usage.NONE, Set.of(), NOW, 0)).isEqualTo(100 * 1_000);
    assertThat(tariff.boundNanos(100, 0, inEurope, Set.of(), NOW, 0)).isEqualTo(100 * 4_000);
  }
}
