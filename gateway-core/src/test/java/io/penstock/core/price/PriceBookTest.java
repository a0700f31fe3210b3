package io.penstock.core.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PriceBookTest {
  private static final JsonNode BUNDLED = PriceBook.bundled();
  private static final PriceBook BOOK =
      PriceBook.of(BUNDLED, List.of(), List.of(), PriceBook.Unknown.DENY);
  private static final long NOW = at("2026-11-21T12:00:00Z");

  private static long at(String instant) {
    return Instant.parse(instant).toEpochMilli();
  }

  private static Usage usage(String meters, String tier) {
    Usage.Builder usage = Usage.builder().serviceTier(tier.isEmpty() ? null : tier);
    for (String pair : meters.split(" ")) {
      String[] parts = pair.split("=");
      Meter meter = Meter.ofLabel(parts[0]);
      assertThat(meter).as(parts[0]).isNotNull();
      usage.set(meter, Long.parseLong(parts[1]));
    }
    return usage.build();
  }

  /** The checks of the reference evaluator, figure by figure. */
  @ParameterizedTest(name = "{7}")
  @CsvSource({
    "openai,gpt-5.6-luna,input=1000000,2026-11-21T12:00:00Z,'','',0.4,above 272k",
    "openai,gpt-5.6-luna,input=100000 output=1000,2026-11-21T12:00:00Z,'','',0.0212,below",
    "openai,gpt-5.6-luna,input=100000,2026-07-29T00:00:00Z,'','',0.1,before the cut",
    "openai,gpt-5.6-luna,input=100000,2026-11-21T12:00:00Z,batch,'',0.01,batch modifier",
    "openai,gpt-5.5,input=200000,2026-11-21T12:00:00Z,priority,'',2.5,card beats modifier",
    "openai,gpt-6-sol,input=100000,2026-11-21T12:00:00Z,'',eu,0.22,regional uplift",
    "openai,gpt-5.6-luna-2026-07-09,input=100000,2026-11-21T12:00:00Z,'','',0.02,regex alias",
    "anthropic,claude-opus-4-6,input=300000,2026-03-01T00:00:00Z,'','',3,long context before",
    "anthropic,claude-opus-4-6,input=300000,2026-11-21T12:00:00Z,'','',1.5,surcharge gone",
    "anthropic,claude-sonnet-5,input=1000 cache_read=100000 cache_write_1h=10000 output=1000"
        + " web_search=3,2026-11-21T12:00:00Z,'','',0.102,all meters",
    "anthropic,claude-opus-5-5,output=1000000,2026-11-21T12:00:00Z,fast,'',40,fast mode",
    "deepseek,deepseek-v4-pro,output=1000000,2026-11-20T02:00:00Z,'','',3.96,peak on a Friday",
    "deepseek,deepseek-v4-pro,output=1000000,2026-11-21T02:00:00Z,'','',1.98,weekend",
    "gemini,gemini-3.8-flash,input=1000000,2027-01-01T00:00:00Z,'','',1.5,dated in the future",
    "bedrock,eu.anthropic.claude-opus-5-5,output=1000000,2026-11-21T12:00:00Z,'',eu,22,profile",
    "mistral,mistral-ocr-4-0,page=250,2026-11-21T12:00:00Z,'','',1,pages",
    "openai,whisper-1,audio_second=600,2026-11-21T12:00:00Z,'','',0.06,seconds"
  })
  void costNanos_referenceChecks(
      String provider,
      String model,
      String meters,
      String when,
      String tier,
      String region,
      String usd,
      String what) {
    PricedModel price = BOOK.price(provider, model, provider + "/" + model, region);
    assertThat(price.isPriced()).as(what).isTrue();
    assertThat(price.costNanos(usage(meters, tier), at(when))).isEqualTo(NanoUsd.parse(usd));
  }

  @Test
  void hours_ofAPeak_areThoseOfTheCardThatHolds() {
    PricedModel price = BOOK.price("deepseek", "deepseek-v4-pro", "deepseek/x", "");
    Usage usage = usage("output=1", "");
    assertThat(price.hours(usage, at("2026-11-20T02:00:00Z"))).isEqualTo("01:00-04:00");
    assertThat(price.hours(usage, at("2026-11-20T05:00:00Z"))).isEmpty();
    assertThat(price.hours(usage, at("2026-11-21T02:00:00Z"))).isEmpty();
  }

  @Test
  void costNanos_everyModel_agreesWithDecimals() {
    Random random = new Random(7);
    int priced = 0;
    for (String provider : BOOK.providers()) {
      for (String model : BOOK.models(provider)) {
        PricedModel price = BOOK.price(provider, model, provider + "/" + model, "");
        Usage usage = randomUsage(random);
        BigDecimal expected = BigDecimal.ZERO;
        Map<Meter, BigDecimal> rates =
            price.cards().rates(NOW, "", "standard", usage.inputTokens());
        for (Meter meter : List.of(Meter.INPUT, Meter.OUTPUT, Meter.CACHE_READ)) {
          BigDecimal rate = rates.get(meter);
          if (rate == null && meter == Meter.CACHE_READ) {
            rate = rates.get(Meter.INPUT);
          }
          if (rate != null) {
            priced++;
            expected =
                expected.add(
                    rate.multiply(BigDecimal.valueOf(usage.of(meter)))
                        .divide(BigDecimal.valueOf(BOOK.per(meter))));
          }
        }
        assertThat(price.costNanos(usage, NOW))
            .as(provider + "/" + model)
            .isEqualTo(
                expected.movePointRight(9).setScale(0, RoundingMode.HALF_UP).longValueExact());
      }
    }
    assertThat(priced).isGreaterThan(1000);
  }

  private static Usage randomUsage(Random random) {
    return Usage.builder()
        .set(Meter.INPUT, random.nextInt(2_000_000))
        .set(Meter.OUTPUT, random.nextInt(200_000))
        .set(Meter.CACHE_READ, random.nextInt(100_000))
        .build();
  }

  @Test
  void boundNanos_everyModel_isNeverBelowTheCost() {
    Random random = new Random(11);
    for (String provider : BOOK.providers()) {
      for (String model : BOOK.models(provider)) {
        PricedModel price = BOOK.price(provider, model, provider + "/" + model, "");
        for (int i = 0; i < 20; i++) {
          Usage usage = randomUsage(random);
          long bound =
              price.boundNanos(
                  usage.inputTokens(), usage.outputTokens(), Usage.NONE, Set.of(), NOW);
          assertThat(bound)
              .as(provider + "/" + model)
              .isGreaterThanOrEqualTo(price.costNanos(usage, NOW));
        }
      }
    }
  }

  @Test
  void bundled_aNameThatNobodyHas_isPricedNowhere() {
    for (String provider : BOOK.providers()) {
      for (String name : List.of("zzz-nothing", "q", "claude", "opus", "model-1", "gemini-99-x")) {
        assertThat(BOOK.lists(provider, name)).as("%s/%s", provider, name).isFalse();
        assertThat(BOOK.price(provider, name, provider + "/" + name, "").isPriced()).isFalse();
      }
    }
  }

  @Test
  void names_patternsAndUnknownNames_areNone() throws Exception {
    JsonNode overlay =
        new ObjectMapper()
            .readTree(
                """
                {"models":[{"provider":"openai","id":"any","aliases":["re:.*","some","x-*"],
                  "cards":[{"when":{},"rates":{"input":"1"}}]}]}
                """);
    PriceBook book = PriceBook.of(BUNDLED, List.of(overlay), List.of(), PriceBook.Unknown.DENY);
    assertThat(book.lists("openai", "zzz-nothing")).as("the operator's own pattern").isTrue();
    assertThat(book.names("openai", "zzz-nothing")).isFalse();
    assertThat(book.names("openai", "x-1")).isFalse();
    assertThat(book.names("openai", "some")).isTrue();
    assertThat(book.names("openai", "any")).isTrue();
  }

  @Test
  void answeredBy_anotherModelOfTheCatalogue_isItsPrice_unlessTheOperatorHasAWordForTheAsked()
      throws Exception {
    Usage usage = usage("input=1000 output=1000", "");
    PricedModel asked = BOOK.price("openai", "gpt-4o", "mine/gpt-4o", "");
    assertThat(asked.answeredBy("gpt-4o-2024-05-13", "mine").costNanos(usage, NOW))
        .isEqualTo(NanoUsd.parse("0.02"));
    for (String same : new String[] {"gpt-4o", "gpt-4o-9999-01-01", null}) {
      assertThat(asked.answeredBy(same, "mine")).as(same).isSameAs(asked);
    }
    JsonNode overlay =
        new ObjectMapper()
            .readTree(
                """
                {"models":[{"provider":"openai","id":"gpt-4o",
                  "cards":[{"when":{},"rates":{"input":"1","output":"1"}}]}]}
                """);
    PriceBook own = PriceBook.of(BUNDLED, List.of(overlay), List.of(), PriceBook.Unknown.DENY);
    PricedModel overlaid = own.price("openai", "gpt-4o", "mine/gpt-4o", "");
    assertThat(overlaid.answeredBy("gpt-4o-2024-05-13", "mine")).isSameAs(overlaid);
    assertThat(discounted("mine/gpt-4o", "gpt-4o-2024-05-13")).isEqualTo("0.01125");
    assertThat(discounted("mine/*", "gpt-4o-2024-05-13")).isEqualTo("0.018");
  }

  private static String discounted(String targets, String answered) {
    PriceBook book =
        PriceBook.of(
            BUNDLED,
            List.of(),
            List.of(PriceBook.Discount.of(targets, 1000)),
            PriceBook.Unknown.DENY);
    PricedModel price = book.price("openai", "gpt-4o", "mine/gpt-4o", "");
    Usage usage = usage("input=1000 output=1000", "");
    return NanoUsd.format(price.answeredBy(answered, "mine").costNanos(usage, NOW));
  }

  @Test
  void price_unknownModel_followsThePolicy() throws Exception {
    assertThat(BOOK.price("openai", "gpt-nobody-knows", "openai/x", "").isPriced()).isFalse();
    PriceBook free = PriceBook.of(BUNDLED, List.of(), List.of(), PriceBook.Unknown.FREE);
    PricedModel nothing = free.price("openai", "gpt-nobody-knows", "openai/x", "");
    assertThat(nothing.isPriced()).isTrue();
    assertThat(nothing.costNanos(usage("input=5 image=3", ""), NOW)).isZero();
    PriceBook highest = PriceBook.of(BUNDLED, List.of(), List.of(), PriceBook.Unknown.HIGHEST);
    PricedModel dearest = highest.price("openai", "gpt-nobody-knows", "openai/x", "");
    PricedModel gpt4 = BOOK.price("openai", "gpt-4", "openai/gpt-4", "");
    Usage usage = usage("input=1000 output=1000", "");
    assertThat(dearest.costNanos(usage, NOW)).isGreaterThanOrEqualTo(gpt4.costNanos(usage, NOW));
  }

  @Test
  void price_discount_isExactAndLeavesTheListPrice() {
    PriceBook book =
        PriceBook.of(
            BUNDLED,
            List.of(),
            List.of(PriceBook.Discount.of("openai/*", 1000)),
            PriceBook.Unknown.DENY);
    PricedModel price = book.price("openai", "gpt-4o-mini", "openai/gpt-4o-mini", "");
    Usage usage = usage("input=1000000", "");
    assertThat(price.costNanos(usage, NOW)).isEqualTo(NanoUsd.parse("0.135"));
    assertThat(price.listNanos(usage, NOW)).isEqualTo(NanoUsd.parse("0.15"));
    assertThat(book.version()).isNotEqualTo(BOOK.version());
  }

  @Test
  void of_overlay_winsAndAddsModels() throws Exception {
    JsonNode overlay =
        new ObjectMapper()
            .readTree(
                """
                {"models":[
                  {"provider":"openai","id":"gpt-4o-mini","cards":[{"when":{},"rates":{"input":"0.10"}}]},
                  {"provider":"onprem","id":"llama","cards":[{"when":{},"rates":{"input":"1","output":"2"}}]}]}
                """);
    PriceBook book = PriceBook.of(BUNDLED, List.of(overlay), List.of(), PriceBook.Unknown.DENY);
    Usage usage = usage("input=1000000 output=1000000", "");
    assertThat(book.price("openai", "gpt-4o-mini", "openai/gpt-4o-mini", "").costNanos(usage, NOW))
        .isEqualTo(NanoUsd.parse("0.70"));
    assertThat(book.price("onprem", "llama", "onprem/llama", "").costNanos(usage, NOW))
        .isEqualTo(NanoUsd.parse("3"));
  }

  @Test
  void of_badOverlay_namesEveryProblem() throws Exception {
    JsonNode overlay =
        new ObjectMapper()
            .readTree(
                """
                {"models":[{"provider":"x","id":"y","cards":[
                  {"when":{"from":"soon"},"rates":{"input":"-1","tokens":"2"}}]}]}
                """);
    assertThatThrownBy(
            () -> PriceBook.of(BUNDLED, List.of(overlay), List.of(), PriceBook.Unknown.DENY))
        .isInstanceOf(PriceBook.CatalogueException.class)
        .hasMessageContaining("models[0].cards[0].when.from (x/y): soon")
        .hasMessageContaining("rates.input (x/y): -1")
        .hasMessageContaining("rates.tokens (x/y): unknown meter");
  }
}
