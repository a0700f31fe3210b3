package io.penstock.core.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The 128-bit arithmetic against decimals, over all meters, conditions and discounts. */
final class PriceArithmeticTest {
  private static final long NOW = 1_795_262_400_000L;
  private static final Meter[] METERS = Meter.values();
  private static final String[] TIERS = {"standard", "batch", "flex", "priority", "fast"};
  private static final String[] REGIONS = {"", "us", "eu", "jp", "datazone"};
  private static final Map<String, String> FALLBACKS = new HashMap<>();

  static {
    String pairs =
        "cache_read=input cache_write=input cache_write_1h=cache_write input_audio=input"
            + " input_image=input input_video=input cache_read_audio=cache_read"
            + " cache_read_image=cache_read cache_read_video=cache_read output_reasoning=output"
            + " output_audio=output output_image=output output_video=output citation=output";
    for (String pair : pairs.split(" ")) {
      FALLBACKS.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
  }

  @Test
  void costNanos_anyUsageTierRegionTimeAndDiscount_agreesWithDecimals() {
    Random random = new Random(20_261_121);
    for (int discount : new int[] {0, 1, 1000, 3333, 10_000}) {
      PriceBook book =
          PriceBook.of(
              PriceBook.bundled(),
              List.of(),
              List.of(PriceBook.Discount.of("*", discount)),
              PriceBook.Unknown.DENY);
      for (String provider : book.providers()) {
        for (String model : book.models(provider)) {
          PricedModel price = book.price(provider, model, "any", "");
          Usage usage = usage(random);
          long at = NOW + random.nextInt(1_000) * 3_600_000L * (random.nextBoolean() ? 1 : -1);
          assertThat(price.costNanos(usage, at))
              .as(provider + "/" + model + " " + usage + " " + discount)
              .isEqualTo(expected(book, price, usage, at, discount));
        }
      }
    }
  }

  @Test
  void boundNanos_anyTierAmongThoseGiven_coversTheCost() {
    PriceBook book = book();
    Random random = new Random(5);
    for (String provider : book.providers()) {
      for (String model : book.models(provider)) {
        PricedModel price = book.price(provider, model, "any", "");
        Usage usage =
            Usage.builder()
                .set(Meter.INPUT, random.nextInt(400_000))
                .set(Meter.CACHE_READ, random.nextInt(400_000))
                .set(Meter.CACHE_WRITE_1H, random.nextInt(100_000))
                .set(Meter.OUTPUT, random.nextInt(50_000))
                .set(Meter.OUTPUT_REASONING, random.nextInt(50_000))
                .serviceTier(random.nextBoolean() ? "priority" : null)
                .build();

        long bound =
            price.boundNanos(
                usage.inputTokens(), usage.outputTokens(), Usage.NONE, Set.of("priority"), NOW);

        assertThat(bound).as(model).isGreaterThanOrEqualTo(price.costNanos(usage, NOW));
      }
    }
  }

  @Test
  void boundNanos_countBelowZero_countsAsNone() {
    PricedModel price = book().price("anthropic", "claude-sonnet-5", "any", "");

    assertThat(price.boundNanos(5_000, -1_000, Usage.NONE, Set.of(), NOW))
        .isEqualTo(price.boundNanos(5_000, 0, Usage.NONE, Set.of(), NOW));
  }

  @Test
  void lines_sumToTheListPrice() {
    PricedModel price = book().price("anthropic", "claude-sonnet-5", "any", "");
    Usage usage =
        Usage.builder().set(Meter.INPUT, 333).set(Meter.OUTPUT, 7).set(Meter.WEB_SEARCH, 1).build();

    BigDecimal sum =
        price.lines(usage, NOW).stream()
            .map(PricedModel.Line::usd)
            .reduce(BigDecimal.ZERO, BigDecimal::add);

    assertThat(price.lines(usage, NOW)).hasSize(3);
    assertThat(NanoUsd.round(sum)).isEqualTo(price.listNanos(usage, NOW));
  }

  @Test
  void costNanos_absurdUsage_isExactOrRefused() {
    PricedModel price = book().price("openai", "gpt-5.5", "any", "");
    Usage large = Usage.builder().set(Meter.OUTPUT, 1_000_000_000_000L).build();
    Usage absurd = Usage.builder().set(Meter.OUTPUT, Long.MAX_VALUE).build();

    assertThat(price.costNanos(large, NOW)).isEqualTo(30_000_000L * NanoUsd.USD);
    assertThatThrownBy(() -> price.costNanos(absurd, NOW)).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void divide_randomSums_agreesWithDecimals() {
    Random random = new Random(3);
    long unit = 9_000_000_000_000L;
    for (int i = 0; i < 100_000; i++) {
      long high = random.nextInt(4) == 0 ? 0 : random.nextLong() >>> (30 + random.nextInt(34));
      long low = random.nextLong() >>> random.nextInt(64);
      long share = random.nextInt(4) == 0 ? 10_000 : random.nextInt(10_001);
      if (high >= 1L << 29) {
        continue;
      }
      RoundingMode rounding = random.nextBoolean() ? RoundingMode.UP : RoundingMode.HALF_UP;
      BigDecimal sum =
          new BigDecimal(high)
              .multiply(BigDecimal.TWO.pow(64))
              .add(new BigDecimal(Long.toUnsignedString(low)));
      BigDecimal expected =
          sum.multiply(BigDecimal.valueOf(share))
              .divide(BigDecimal.valueOf(unit).multiply(BigDecimal.valueOf(10_000)), 0, rounding);
      assertThat(Wide.divide(high, low, share, unit, rounding))
          .isEqualTo(expected.longValueExact());
    }
  }

  private static PriceBook book() {
    return PriceBook.of(PriceBook.bundled(), List.of(), List.of(), PriceBook.Unknown.DENY);
  }

  private static Usage usage(Random random) {
    Usage.Builder usage = Usage.builder();
    for (Meter meter : METERS) {
      if (random.nextInt(3) == 0) {
        usage.set(meter, random.nextInt(1 << random.nextInt(24)));
      }
    }
    return usage
        .serviceTier(TIERS[random.nextInt(TIERS.length)])
        .region(REGIONS[random.nextInt(REGIONS.length)])
        .build();
  }

  private static long expected(
      PriceBook book, PricedModel price, Usage usage, long at, int discount) {
    Map<Meter, BigDecimal> rates =
        new EnumMap<>(
            price
                .cards()
                .rates(at, text(usage.region()), text(usage.serviceTier()), usage.inputTokens()));
    BigDecimal sum = BigDecimal.ZERO;
    for (Meter meter : METERS) {
      String name = meter.label();
      while (name != null && !rates.containsKey(Meter.ofLabel(name))) {
        name = FALLBACKS.get(name);
      }
      BigDecimal rate = name == null ? null : rates.get(Meter.ofLabel(name));
      if (rate != null) {
        sum =
            sum.add(
                rate.multiply(BigDecimal.valueOf(usage.of(meter)))
                    .divide(BigDecimal.valueOf(book.per(meter)), 40, RoundingMode.HALF_UP));
      }
    }
    return sum.multiply(BigDecimal.valueOf(10_000 - discount, 4))
        .movePointRight(9)
        .setScale(20, RoundingMode.HALF_UP)
        .setScale(0, RoundingMode.HALF_UP)
        .longValueExact();
  }

  private static String text(@org.jspecify.annotations.Nullable String value) {
    return value == null ? "" : value;
  }
}
