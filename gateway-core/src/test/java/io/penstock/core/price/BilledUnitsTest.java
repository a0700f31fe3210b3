package io.penstock.core.price;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What answers report, in the units in which models bill it. */
class BilledUnitsTest {
  private static final long NOW = 1_795_262_400_000L;
  private static final PriceBook BOOK = book(PriceBook.Unknown.DENY);
  private static final Usage TOKENS =
      Usage.builder().set(Meter.INPUT, 1000).set(Meter.OUTPUT, 1000).model("named").build();

  private static PriceBook book(PriceBook.Unknown unknown) {
    return PriceBook.of(PriceBook.bundled(), List.of(), List.of(), unknown);
  }

  private static PricedModel price(String provider, String model) {
    return BOOK.price(provider, model, provider + "/" + model, "");
  }

  private static Usage with(Meter meter, long count) {
    return TOKENS.toBuilder().set(meter, count).build();
  }

  @Test
  void feeForEachRequest_isOneRequest_whateverWasReported() {
    PricedModel sonar = price("perplexity", "sonar");

    Usage billed = sonar.billed(TOKENS, NOW);

    assertThat(billed).isEqualTo(with(Meter.REQUEST, 1));
    assertThat(sonar.billed(billed, NOW)).isEqualTo(billed);
    assertThat(sonar.billed(with(Meter.REQUEST, 7), NOW)).isEqualTo(billed);
    assertThat(sonar.costNanos(billed, NOW)).isEqualTo(NanoUsd.parse("0.014"));
  }

  /** The fee of a request is the one for its searches: both stand in the sources. */
  @Test
  void searchesOfAModelWithAFeeForEachRequest_areInThatFee() {
    for (String model : List.of("sonar", "sonar-pro", "sonar-reasoning-pro")) {
      PricedModel price = price("perplexity", model);
      Usage searched = price.billed(with(Meter.WEB_SEARCH, 4), NOW);

      assertThat(price.unpriced(searched, NOW)).as(model).isNull();
      assertThat(price.costNanos(searched, NOW))
          .as(model)
          .isEqualTo(price.costNanos(price.billed(TOKENS, NOW), NOW));
    }
    PricedModel research = price("perplexity", "sonar-deep-research");
    assertThat(research.billed(TOKENS, NOW)).isSameAs(TOKENS);
    assertThat(research.costNanos(with(Meter.WEB_SEARCH, 4), NOW))
        .isEqualTo(research.costNanos(TOKENS, NOW) + NanoUsd.parse("0.02"));
  }

  @Test
  void noFee_orOneOfNothing_isNoRequest() {
    for (PricedModel price :
        List.of(price("openai", "gpt-4o"), BOOK.free("any"), price("openai", "nobody-knows"))) {
      assertThat(price.billed(TOKENS, NOW)).isSameAs(TOKENS);
      assertThat(price.billed(with(Meter.REQUEST, 1), NOW)).isEqualTo(TOKENS);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gemini, gemini-2.5-flash, 0, 0",
    "gemini, gemini-2.5-flash, 1, 0.035",
    "gemini, gemini-2.5-flash, 9, 0.035",
    "gemini, gemini-2.0-flash-001, 9, 0.035",
    "vertex, gemini-2.5-pro, 9, 0.035",
    "gemini, gemini-3-flash-preview, 0, 0",
    "gemini, gemini-3-flash-preview, 1, 0.014",
    "gemini, gemini-3-flash-preview, 9, 0.126",
    "vertex, gemini-3.1-pro-preview, 9, 0.126",
    "gemini, gemini-flash-latest, 9, 0.126",
    "openai, gpt-4o, 9, 0.09",
  })
  void searches_areBilledByThePromptUpToGemini2_andEachFrom3(
      String provider, String model, long searches, String usd) {
    PricedModel price = price(provider, model);
    Usage billed = price.billed(with(Meter.WEB_SEARCH, searches), NOW);

    assertThat(NanoUsd.format(price.costNanos(billed, NOW) - price.costNanos(TOKENS, NOW)))
        .isEqualTo(usd.equals("0") ? "0.00" : usd);
    assertThat(price.billed(billed, NOW)).isEqualTo(billed);
  }

  /** Names of the operator's, of regions and publishers, and of generations to come. */
  @ParameterizedTest
  @CsvSource({
    "gemini-2.5-flash-tuned, 1",
    "google/gemini-1.5-pro, 1",
    "Gemini-2.0-flash, 1",
    "gemini-3, 4",
    "gemini-10-pro, 4",
    "gemini-20, 4",
    "gemini-pro, 4",
    "my-gemini-2.5-flash, 1",
    "gemini-2x, 4"
  })
  void searches_ofAnyName_areByThePromptWhereItSaysSo(String model, long billed) throws Exception {
    PriceBook own =
        PriceBook.of(
            PriceBook.bundled(),
            List.of(
                new ObjectMapper()
                    .readTree(
                        "{\"models\":[{\"provider\":\"p\",\"id\":\"%s\",\"cards\":[{\"when\":{},\"rates\":{\"input\":\"1\",\"web_search\":\"1\"}}]}]}"
                            .formatted(model))),
            List.of(),
            PriceBook.Unknown.DENY);
    Usage four = with(Meter.WEB_SEARCH, 4);

    assertThat(own.price("p", model, "p/x", "").billed(four, NOW).of(Meter.WEB_SEARCH))
        .isEqualTo(billed);
  }

  @Test
  void nothingUsed_isNoRequest() {
    assertThat(price("perplexity", "sonar").billed(Usage.NONE, NOW)).isSameAs(Usage.NONE);
  }

  @Test
  void feeOfADay_isBilledThen() throws Exception {
    PriceBook dated =
        PriceBook.of(
            PriceBook.bundled(),
            List.of(
                new ObjectMapper()
                    .readTree(
                        """
                        {"models":[{"provider":"p","id":"m","cards":[
                          {"when":{},"rates":{"input":"1","output":"1"}},
                          {"when":{"from":"2027-01-01"},"rates":{"request":"5"}}]}]}
                        """)),
            List.of(),
            PriceBook.Unknown.DENY);
    PricedModel price = dated.price("p", "m", "p/m", "");

    assertThat(price.billed(TOKENS, NOW)).isSameAs(TOKENS);
    assertThat(price.billed(TOKENS, NOW + 60 * 86_400_000L)).isEqualTo(with(Meter.REQUEST, 1));
  }
}
