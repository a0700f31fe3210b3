package io.penstock.core.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PriceRefreshTest {
  private static final long NOW = 1_795_262_400_000L;
  private static final JsonNode BUNDLED = PriceBook.bundled();
  private static final PriceBook CURRENT = book(BUNDLED);

  @Test
  void problems_sameCatalogue_none() {
    assertThat(PriceRefresh.problems(CURRENT, book(BUNDLED), NOW)).isEmpty();
  }

  @Test
  void problems_slippedDecimalPoint_namesModelMeterAndBothRates() throws Exception {
    JsonNode overlay =
        json(
            """
            {"models":[{"provider":"openai","id":"gpt-4o-mini",
              "cards":[{"when":{},"rates":{"input":"15","output":"0.7"}}]}]}
            """);
    PriceBook candidate =
        PriceBook.of(BUNDLED, List.of(overlay), List.of(), PriceBook.Unknown.DENY);

    assertThat(PriceRefresh.problems(CURRENT, candidate, NOW))
        .contains("openai/gpt-4o-mini.input: 15 (expected: within a factor of 10 of 0.15)")
        .noneMatch(problem -> problem.contains("output"));
  }

  @Test
  void problems_providerGone_saysHowManyModels() {
    ObjectNode emptied = BUNDLED.deepCopy();
    ((com.fasterxml.jackson.databind.node.ArrayNode) emptied.path("models")).removeAll();

    assertThat(PriceRefresh.problems(CURRENT, book(emptied), NOW))
        .anyMatch(problem -> problem.matches("models of openai: (\\d+) of \\1 are missing.*"));
  }

  @Test
  void of_overlayThatNamesAProvider_keepsItsModels() throws Exception {
    JsonNode overlay = json("{\"providers\":{\"openai\":{\"name\":\"OpenAI (ours)\"}}}");
    PriceBook book = PriceBook.of(BUNDLED, List.of(overlay), List.of(), PriceBook.Unknown.DENY);

    assertThat(book.models("openai")).hasSameSizeAs(CURRENT.models("openai"));
    Usage batch = Usage.builder().set(Meter.INPUT, 1_000_000).serviceTier("batch").build();
    assertThat(book.price("openai", "gpt-4o-mini", "any", "").costNanos(batch, NOW))
        .isEqualTo(NanoUsd.parse("0.075"));
  }

  @Test
  void of_mistypedKey_isRefusedByName() throws Exception {
    JsonNode overlay =
        json(
            """
            {"models":[{"provider":"x","id":"y","cards":[
              {"when":{"tier":"batch"},"rates":{"input":"1"}}]}]}
            """);

    assertThatThrownBy(
            () -> PriceBook.of(BUNDLED, List.of(overlay), List.of(), PriceBook.Unknown.DENY))
        .hasMessageContaining(
            "models[0].cards[0].when.tier (x/y): unknown key (expected: one of [context_over");
  }

  @Test
  void isStale_ninetyDaysAfterItWasSeen() {
    PricedModel price = CURRENT.price("openai", "gpt-5.5", "any", "");
    long seen = java.time.Instant.parse(price.checked() + "T00:00:00Z").toEpochMilli();

    assertThat(price.isStale(seen + 90L * 86_400_000)).isFalse();
    assertThat(price.isStale(seen + 91L * 86_400_000)).isTrue();
  }

  private static PriceBook book(JsonNode catalogue) {
    return PriceBook.of(catalogue, List.of(), List.of(), PriceBook.Unknown.DENY);
  }

  private static JsonNode json(String text) throws Exception {
    return new ObjectMapper().readTree(text);
  }
}
